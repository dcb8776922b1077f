import assert from 'node:assert/strict';
import fc from 'fast-check';
import { dataText, dataTexts, eventText, keepText } from '../../frontend/src/lib/live/json/event-text.ts';
import { rawParser } from '../../frontend/src/lib/live/json/raw-decoder.ts';
import { elementsOf, membersOf, readable } from '../../frontend/src/lib/live/json/raw-json.ts';
import { short, value } from '../../frontend/src/lib/ui/format.ts';
import type { CloudEvent } from '../../schemas/types.ts';

const parsed = (text: string): unknown => JSON.parse(text);
/** JSON with any blanks between its parts. */
const spaced = (text: string, blank: string) => JSON.stringify(JSON.parse(text), null, blank);

describe('values on the page', () => {
  it('are divided where JSON.parse divides them', () => {
    fc.assert(
      fc.property(fc.array(fc.json()), fc.constantFrom('', ' ', '\t'), (texts, blank) => {
        const text = spaced(`[${texts.join()}]`, blank);
        assert.deepEqual(elementsOf(text).map(parsed), parsed(text));
        const object = Object.fromEntries(texts.map((each, i) => [`${i} "\\{[`, parsed(each)]));
        const members = [...membersOf(spaced(JSON.stringify(object), blank))];
        assert.deepEqual(
          members.map(([name, each]) => [name, parsed(each)]),
          Object.entries(parsed(JSON.stringify(object)) as object),
        );
      }),
    );
  });

  const digits =
    '{"n":9007199254740993,"long":0.12345678901234567890,"zeros":52.5200,"e":1E+2,"minus":-0,"s":"a\\"}"}';
  const event = (data: string) =>
    `{"specversion":"1.0","id":"a","subject":"events\\":[","epoch":1,"offset":1,"data":${data}}`;

  it('have every digit that the event has, however it arrived', () => {
    const decoder = new rawParser.Decoder();
    const seen: CloudEvent[] = [];
    decoder.on('decoded', ({ data }) => {
      for (const part of data as { events?: CloudEvent[]; snapshot?: CloudEvent[] }[])
        if (typeof part === 'object') seen.push(...(part.events ?? []), ...(part.snapshot ?? []));
    });
    const batch = `{"channel":"gps","epoch":1,"from":1,"to":2,"events":[${event('{"n":1}')},${event(digits)}],"conflated":0,"dropped":0}`;
    decoder.add(`2/live,["batch",${batch}]`);
    decoder.add(`3/live,7[{"epoch":1,"offset":2,"recovered":false,"snapshot":[${event(digits)}]}]`);
    const page = `{"items":[${event(digits)}],"cursor":null}`;
    const { items } = JSON.parse(page) as { items: CloudEvent[] };
    keepText(items, page, 'items');
    for (const one of [seen[1]!, seen[2]!, items[0]!]) {
      assert.equal(dataText(one), digits);
      assert.equal(eventText(one), event(digits));
      assert.deepEqual([...dataTexts(one).values()].map(readable), [
        '9007199254740993',
        '0.12345678901234567890',
        '52.5200',
        '1E+2',
        '-0',
        'a"}',
      ]);
    }
    assert.equal(dataText(seen[0]!), '{"n":1}');
  });

  it('are not rounded when shown, and small numbers of charts do not become 0', () => {
    assert.deepEqual([1577218887.999, 1577218888.5, -0, 1e21].map(value), [
      '1577218887.999',
      '1577218888.5',
      '-0',
      '1e+21',
    ]);
    assert.deepEqual([0, 0.000412, 0.04, 8.26, 12.34, 127.4, 12345, -0.5, 4.12e-9].map(short), [
      '0',
      '0.000412',
      '0.04',
      '8.26',
      '12.3',
      '127',
      '12,345',
      '-0.5',
      '4.12e-9',
    ]);
  });
});
