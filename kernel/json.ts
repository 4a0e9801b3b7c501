/** A JSON value (RFC 8259). Arrays and objects are never mutated once they are part of an event. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json;
}
