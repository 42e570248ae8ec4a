/** Red, green and blue, 0–255 each. */
export interface Color {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
}

export const white: Color = { red: 255, green: 255, blue: 255 };
export const black: Color = { red: 0, green: 0, blue: 0 };

/** Reads `#rrggbb`. Throws TypeError for anything else: what goes into a style sheet is never passed through. */
export function parseColor(text: string): Color {
  const [, red, green, blue] = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(text) ?? [];
  if (red === undefined || green === undefined || blue === undefined) {
    throw new TypeError('a brand colour is written #rrggbb');
  }
  return {
    red: Number.parseInt(red, 16),
    green: Number.parseInt(green, 16),
    blue: Number.parseInt(blue, 16),
  };
}

/** Writes `#rrggbb`. */
export function formatColor({ red, green, blue }: Color): string {
  return `#${[red, green, blue].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** Moves `color` towards `target`; `share` 0 is `color`, 1 is `target`. */
export function mix(color: Color, { target, share }: { target: Color; share: number }): Color {
  const part = (from: number, to: number): number => Math.round(from + (to - from) * share);
  return {
    red: part(color.red, target.red),
    green: part(color.green, target.green),
    blue: part(color.blue, target.blue),
  };
}

/** Relative luminance, 0–1 (WCAG 2.2, definition). */
function luminance({ red, green, blue }: Color): number {
  const linear = (part: number): number => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** Contrast ratio of two colours, 1–21 (WCAG 2.2, definition). */
export function contrast(one: Color, other: Color): number {
  const [lighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return ((lighter ?? 0) + 0.05) / ((darker ?? 0) + 0.05);
}

/** White or black, whichever reads better on `background`; one of them always has at least 4.5 (WCAG 2.2 §1.4.3). */
export function inkOn(background: Color): Color {
  return contrast(white, background) >= contrast(black, background) ? white : black;
}

/**
 * The colour nearest to `color` that has at least `ratio` against `background`: mixed towards white or black until it has.
 * @param on.ratio at most 4.5, which one of the two always reaches.
 */
export function readableOn(color: Color, on: { background: Color; ratio: number }): Color {
  const target = inkOn(on.background);
  for (let step = 0; step < 20; step += 1) {
    const candidate = mix(color, { target, share: step / 20 });
    if (contrast(candidate, on.background) >= on.ratio) return candidate;
  }
  return target;
}
