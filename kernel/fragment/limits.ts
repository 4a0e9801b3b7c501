/** How large a fragment may be, whatever its planning step allows: what is larger is not looked at. */
export const FRAGMENT_LIMITS = {
  /** UTF-8 bytes of a text. */
  bytes_max: 1024 * 1024,
  /** Of a document, counted as `TEMPLATE_LIMITS.size_max`. */
  size_max: 4 * 1024 * 1024,
  /** Arrays and objects inside one another, as in templates. */
  depth_max: 64,
  steps_max: 1_000,
} as const;
