/** The largest component that is read, in bytes. */
export const COMPONENT_BYTES_MAX = 32 * 1024 * 1024;
