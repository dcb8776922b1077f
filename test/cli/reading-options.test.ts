import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { openOptionsOf, withReadingFlags, type ReadingFlags } from '../../cli/support/reading-options.ts';
import { schemas } from '../../schemas/index.ts';
import { played } from '../helpers/played.ts';

/** Options of REST that the command line says otherwise: the file is an argument, and `--offset` belongs to play. */
const OTHERWISE = ['id', 'offset'];

describe('The flags that say how to read a recording', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-flags-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const parsed = (...args: string[]) =>
    openOptionsOf(withReadingFlags(new Command()).parse(args, { from: 'user' }).opts<ReadingFlags>());

  it('are the options of recordings in REST, and the other way round', () => {
    const flags = withReadingFlags(new Command()).options.map((option) => option.attributeName());
    const options = Object.keys(schemas.get('resources/recording-options')!['properties'] as object);
    assert.deepEqual(
      [...new Set(flags)].filter((flag) => flag !== 'map').toSorted(),
      options.filter((option) => !OTHERWISE.includes(option)).toSorted(),
    );
    // Each reaches the reader.
    const known = Object.keys(parsed());
    assert.deepEqual(
      options.filter((option) => !OTHERWISE.includes(option) && !known.includes(option)),
      [],
    );
  });

  it('--skip-lines and --units-row decide which lines are not rows', async () => {
    const path = join(folder, 'titles.csv');
    const rows = ['2024-05-01T10:00:00Z,1', '2024-05-01T10:00:01Z,2', '2024-05-01T10:00:02Z,3'];
    writeFileSync(path, ['a title', 'time,speed', 'UTC,km/h', ...rows].join('\n'));
    const read = async (...args: string[]) => {
      const { records, refused } = await played(path, parsed(...args));
      return [records.length, refused.length, Object.keys(records[0]!.data).join()];
    };
    const all = [3, 0, 'time,speed'];
    assert.deepEqual(await read(), all);
    assert.deepEqual(await read('--skip-lines', '1', '--units-row'), all);
    // The row of units is data, and has no time.
    assert.deepEqual(await read('--skip-lines', '1', '--no-units-row'), [3, 1, 'time,speed']);
    assert.deepEqual(await read('--skip-lines', '3', '--columns', 't,v', '--no-header'), [3, 0, 't,v']);
  });
});
