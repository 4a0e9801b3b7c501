import { checkComponent } from './host/sandbox/component_check.ts';
import { watHandler } from './testing/hostile_components/wat_handler.ts';

const t = performance.now();
const b = await watHandler();
console.log(b.length, performance.now() - t, checkComponent(b, { component_bytes_max: 1e7, memory_bytes_max: 1e8 }));
