import type { HostFunctions, StepLimits } from '../sandbox/port.ts';
import { HttpFailure } from './http_shapes.ts';

/** Counts what one run uses of the network and stops it at its limits. */
export interface Meter {
  /** Before anything else of a call. @throws HttpFailure `budget` */
  called(): void;
  /** Before a request of this size leaves. @throws HttpFailure `budget` */
  sending(bytes: number): void;
  /** As bytes arrive. @throws HttpFailure `budget` */
  received(bytes: number): void;
  /** `host` with its port. */
  contacted(host: string): void;
  denied(): void;
  usage(): ReturnType<HostFunctions['usage']>;
}

/** A meter for one run; its limits hold for concurrent calls together. */
export function createMeter(limits: Pick<StepLimits, 'host_calls_max' | 'io_bytes_max'>): Meter {
  const hosts = new Set<string>();
  let calls = 0;
  let bytes_in = 0;
  let bytes_out = 0;
  let denials = 0;
  const checkBytes = (bytes: number): void => {
    if (bytes_in + bytes_out + bytes <= limits.io_bytes_max) return;
    throw new HttpFailure('budget', `the step may move ${limits.io_bytes_max} bytes through the network in one run`);
  };
  return {
    called() {
      if (calls >= limits.host_calls_max) {
        throw new HttpFailure('budget', `the step may make ${limits.host_calls_max} host calls in one run`);
      }
      calls += 1;
    },
    sending(bytes) {
      checkBytes(bytes);
      bytes_out += bytes;
    },
    received(bytes) {
      checkBytes(bytes);
      bytes_in += bytes;
    },
    contacted(host) {
      hosts.add(host);
    },
    denied() {
      denials += 1;
    },
    usage: () => ({ calls, hosts: [...hosts].sort(), bytes_in, bytes_out, denials }),
  };
}
