/** Whether a status is among those expected: `204`, `"204"`, `"2xx"` or `"200-204"`. */
export function isExpected(status: number, expected: readonly (number | string)[]): boolean {
  return expected.some((each) => {
    const [low = '', high = low] = String(each).split('-');
    return Number(low.replace('xx', '00')) <= status && status <= Number(high.replace('xx', '99'));
  });
}

/** Whether another attempt may get another status: request timeout, too early, too many requests, or the server's fault. */
export function isWorthRetrying(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}
