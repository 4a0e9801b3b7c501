import type { HostUsage, StepLimits } from '../sandbox/port.ts';
import { HttpFailure } from './http_shapes.ts';

/** Counts what one run uses of the network and stops it at its limits. */
export interface Meter {
  /** Before anything else of a call. @throws HttpFailure `budget` */
  called(): void;
  /** Before a request of this size leaves. @throws HttpFailure `budget` */
  sending(bytes: number): void;
  /** As bytes arrive, as they travel. @throws HttpFailure `budget` */
  receivedCoded(bytes: number): void;
  /** As bytes arrive, decoded. @throws HttpFailure `budget` */
  received(bytes: number): void;
  /** `host` with its port. */
  contacted(host: string): void;
  /** Of the time that calls may take together. */
  timeLeftMs(): number;
  /** When a call has ended. */
  took(ms: number): void;
  usage(): Pick<HostUsage, 'host_calls' | 'hosts' | 'bytes_in' | 'bytes_out'>;
}

type MeterLimits = Pick<StepLimits, 'host_calls_max' | 'io_bytes_max' | 'wire_bytes_max' | 'host_time_ms_max'>;

const HOSTS_MAX = 100;

/** A meter for one run; its limits hold for concurrent calls together. */
export function createMeter(limits: MeterLimits): Meter {
  const hosts = new Set<string>();
  let host_calls = 0;
  let bytes_in = 0;
  let bytes_out = 0;
  let wire_bytes = 0;
  let time_ms = 0;
  const checkWire = (bytes: number): void => {
    if (wire_bytes + bytes > limits.wire_bytes_max) {
      throw spent(`may move ${limits.wire_bytes_max} bytes over the wire (wire_bytes_max)`);
    }
    wire_bytes += bytes;
  };
  const checkBytes = (bytes: number): void => {
    if (bytes_in + bytes_out + bytes > limits.io_bytes_max) {
      throw spent(`may move ${limits.io_bytes_max} bytes through the network (io_bytes_max)`);
    }
  };
  return {
    called() {
      if (host_calls >= limits.host_calls_max) {
        throw spent(`may make ${limits.host_calls_max} host calls (host_calls_max)`);
      }
      if (time_ms >= limits.host_time_ms_max) throw overtime(limits.host_time_ms_max);
      host_calls += 1;
    },
    sending(bytes) {
      checkBytes(bytes);
      checkWire(bytes);
      bytes_out += bytes;
    },
    receivedCoded: checkWire,
    received(bytes) {
      checkBytes(bytes);
      bytes_in += bytes;
    },
    contacted(host) {
      if (hosts.size < HOSTS_MAX) hosts.add(host);
    },
    timeLeftMs: () => Math.max(0, limits.host_time_ms_max - time_ms),
    took(ms) {
      time_ms += ms;
    },
    usage: () => ({ host_calls, hosts: [...hosts].sort(), bytes_in, bytes_out }),
  };
}

/** That a run has used up the time of its host calls. */
export function overtime(host_time_ms_max: number): HttpFailure {
  return spent(`may spend ${host_time_ms_max} ms in host calls (host_time_ms_max)`);
}

function spent(what: string): HttpFailure {
  return new HttpFailure('budget', `the step ${what} in one run`);
}
