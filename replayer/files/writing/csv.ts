import { isoTime } from '../../../core/wire/event.ts';
import { ROW_MAX_CHARACTERS } from '../../formats/support/format.ts';
import { columnOf, isReserved, OWN_COLUMNS, subjectCell } from '../../formats/support/own-columns.ts';
import { typesCell, type ColumnType } from '../../formats/support/table/own-table.ts';
import { ColumnSurvey, Kind, textOf } from './columns.ts';
import type { WrittenRow } from './event-line.ts';
import { TOO_LONG } from './ndjson.ts';
import type { OutputFormat } from './sink.ts';
import { TextFile } from './text-file.ts';

/** What a column may hold so that its cells are read rightly by their looks alone. */
const BY_LOOKS = Kind.INTEGER | Kind.NUMBER;
/** The same where the header says that it is ours: then no reader looks for anything but numbers. */
const BY_GRAMMAR = BY_LOOKS | Kind.LONG_NUMBER | Kind.TEXT | Kind.DOUBTFUL_TEXT;
const TEXTS = Kind.TEXT | Kind.DOUBTFUL_TEXT | Kind.NUMERIC_TEXT;

/**
 * A table with a column for each member. Rows that do not speak for themselves also have `@time`, `@subject` and
 * `@channel`; and where cells could be taken for something else, the last cell of the header says what columns hold.
 */
export default {
  name: 'csv',
  endings: ['.csv'],
  isText: true,
  holdsPlainRows: true,
  survey: () => new ColumnSurvey(),
  open({ path, packed, plain }, given) {
    const survey = given as ColumnSurvey;
    const types = new Map<string, ColumnType>();
    for (const [name, kinds] of survey.kinds) {
      const isPlain = kinds === Kind.TEXT || (kinds & ~BY_LOOKS) === 0;
      if (plain && (!isPlain || isReserved(name))) return null;
      if ((kinds & ~BY_GRAMMAR) !== 0) types.set(columnOf(name), (kinds & ~TEXTS) === 0 ? 'text' : 'json');
    }
    if (plain && survey.hasRest) return null;
    const members = [...survey.kinds.keys()];
    const { time, subject, channel, rest } = OWN_COLUMNS;
    const header = plain
      ? members
      : [
          ...[time, subject, channel],
          ...members.map(columnOf),
          ...(survey.hasRest ? [rest] : []),
          typesCell(types),
        ];
    const file = new TextFile(path, packed);
    file.write(lineOf(header));
    const cells = (row: WrittenRow) => {
      const { columns, rest: others } = survey.split(row.json);
      const found = members.map((name) => cellOf(columns.get(name), types.get(columnOf(name))));
      if (plain) return found;
      const own = [isoTime(row.timeMs), subjectCell(row.subject), row.channel];
      return [...own, ...found, ...(survey.hasRest ? [others] : []), ''];
    };
    return {
      add(row) {
        const line = lineOf(cells(row));
        if (line.length > ROW_MAX_CHARACTERS) return TOO_LONG;
        file.write(line);
        return null;
      },
      ready: () => file.ready(),
      end: () => file.end(),
    };
  },
} satisfies OutputFormat;

/** A member as the text of a cell: JSON, or else numbers digit for digit and texts without their quotes. */
function cellOf(value: string | undefined, type: ColumnType | undefined): string {
  if (value === undefined) return '';
  return type === 'json' ? value : (textOf(value) ?? value);
}

function lineOf(cells: string[]): string {
  return `${cells.map(quoted).join(',')}\n`;
}

function quoted(cell: string): string {
  return /[",\n\r]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
