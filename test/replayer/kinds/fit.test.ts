import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FitWriter } from '@markw65/fit-file-writer';
import { Plugins } from '../../../core/plugins/plugins.ts';
import { addFormats } from '../../../replayer/reading/formats.ts';
import { played } from '../../helpers/played.ts';

interface Fix {
  latitude: number;
  longitude: number;
  elevation: number;
  heart_rate: number;
}
const START_MS = Date.UTC(2024, 4, 1, 10);
const RADIANS = Math.PI / 180;

/** The bytes of a FIT file with a record a second. */
function fitFile(fixes: Fix[]): Buffer {
  const writer = new FitWriter();
  const time = (i: number) => writer.time(new Date(START_MS + i * 1_000));
  const about = {
    type: 'activity',
    manufacturer: 'garmin',
    product: 0,
    serial_number: 1,
    time_created: time(0),
  } as const;
  writer.writeMessage('file_id', about, null, true);
  for (const [i, { latitude, longitude, elevation, heart_rate }] of fixes.entries())
    writer.writeMessage('record', {
      timestamp: time(i),
      position_lat: writer.latlng(latitude * RADIANS),
      position_long: writer.latlng(longitude * RADIANS),
      altitude: elevation,
      heart_rate,
    });
  const { buffer, byteOffset, byteLength } = writer.finish();
  return Buffer.from(buffer, byteOffset, byteLength);
}

describe('FIT files, by the plugin of examples/fit', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'reprise-fit-'));
  const path = join(scratch, 'ride.fit');
  const fixes = Array.from({ length: 20 }, (_, i) => ({
    latitude: 48 + i / 1_000,
    longitude: -11.5,
    elevation: 500 + i,
    heart_rate: 100 + i,
  }));
  before(async () => addFormats(await Plugins.load(['./examples/fit'], { error: assert.fail })));
  after(() => {
    addFormats(new Plugins());
    rmSync(scratch, { recursive: true });
  });

  it('plays the records as they were written', async () => {
    writeFileSync(path, fitFile(fixes));
    const { records, refused } = await played(path);
    assert.deepEqual(refused, []);
    assert.equal(records.length, fixes.length);
    for (const [i, { timeMs, channel, data }] of records.entries()) {
      const { latitude, longitude, elevation, heart_rate } = fixes[i]!;
      assert.deepEqual([timeMs, channel], [START_MS + i * 1_000, 'gps']);
      assert.deepEqual([data['elevation'], data['heart_rate']], [elevation, heart_rate]);
      assert.ok(Math.abs(Number(data['latitude']) - latitude) < 1e-6);
      assert.ok(Math.abs(Number(data['longitude']) - longitude) < 1e-6);
    }
  });

  it('plays what is whole of a file that was cut off anywhere, and says how much is missing', async () => {
    const bytes = fitFile(fixes);
    for (let missing = 10; missing < bytes.length - 200; missing += 37) {
      writeFileSync(path, bytes.subarray(0, bytes.length - missing));
      const { records, refused } = await played(path);
      assert.ok(records.length > 0 && records.length < fixes.length);
      for (const [i, { data }] of records.entries()) assert.equal(data['heart_rate'], fixes[i]!.heart_rate);
      assert.ok(refused.some(({ reason }) => reason.includes(`${missing} bytes are missing`)));
    }
  });
});
