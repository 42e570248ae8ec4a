/** A name that people read: no control characters and nothing that turns the writing direction (UAX #9). `null`: nothing is left. */
export function cleanName(name: string | null): string | null {
  const visible = (name ?? '').replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, ' ');
  const clean = visible.replaceAll(/\s+/gu, ' ').trim();
  return clean === '' ? null : clean;
}
