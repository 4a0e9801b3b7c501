/**
 * Makes text from guests be text: bindings that jco generates decode it leniently, so that bytes which are no UTF-8 would
 * become other text on their way. After this a decoder that nobody made otherwise throws, which traps the guest.
 */
export function decodeStrictly(): void {
  const Lenient = globalThis.TextDecoder;
  globalThis.TextDecoder = class extends Lenient {
    constructor(label?: string, options?: ConstructorParameters<typeof Lenient>[1]) {
      super(label, { fatal: true, ...options });
    }
  };
}
