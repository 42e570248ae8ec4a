/** Emoji sequences hold joiners and presentation selectors that are invisible on their own; these may stay. */
const emojiJoiner =
  /(?<=\p{Extended_Pictographic}\uFE0F?\p{Emoji_Modifier}?)\u200D(?=\p{Extended_Pictographic})/u;
const emojiSelector = /(?<=\p{Emoji})\uFE0F/u;

/** Characters that show nothing, reorder what is shown, or show whatever the reader's font has put there. */
const unseen =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800]/u;

/** More marks than any script stacks on one letter: they only serve to paint over the lines above and below. */
const stackedMarks = /(\p{M}{4})\p{M}+/gu;

/** White space that has a width; JavaScript counts the byte order mark too. */
const space = /[^\S\uFEFF]+/gu;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

function visible(character: string, index: number, text: string): boolean {
  if (!unseen.test(character)) return true;
  const around = text.slice(Math.max(0, index - 8), index + character.length + 2);
  if (character === '\u200D') return emojiJoiner.test(around);
  return character === '\uFE0F' && emojiSelector.test(around);
}

function withoutUnseen(text: string): string {
  let kept = '';
  let index = 0;
  for (const character of text) {
    if (visible(character, index, text)) kept += character;
    index += character.length;
  }
  return kept;
}

/** At most `limit` of what a reader calls characters; the cut shows as an ellipsis. */
function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text;
  let count = 0;
  for (const { index } of graphemes.segment(text)) {
    if (count === limit) return `${text.slice(0, index).trimEnd()}…`;
    count += 1;
  }
  return text;
}

/**
 * Text of a stranger made fit for a page: one line, no controls, no bidirectional overrides, nothing invisible, no
 * towers of marks, at most `limit` graphemes (Unicode TR36 §2, TR39 §5). It is still text: the template escapes it.
 * @returns an empty string when nothing visible is left.
 */
export function displayText(text: string, limit: number): string {
  // A cap before the work, so that a long text costs no more than a long page: emoji graphemes have up to 16 units.
  const wellFormed = text.slice(0, limit * 16).toWellFormed();
  const oneLine = withoutUnseen(wellFormed.replaceAll(space, ' ').normalize('NFC'));
  return shortened(oneLine.replaceAll(stackedMarks, '$1').replaceAll(/ +/g, ' ').trim(), limit);
}
