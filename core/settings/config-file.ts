import { parseJson } from '../wire/json-depth.ts';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { relative } from 'node:path';
import type { Node, ParseError } from 'jsonc-parser';
import { validator } from '../../schemas/index.ts';
import type { Config } from '../../schemas/types.ts';
import { refusal, RepriseError } from '../problems/errors.ts';
import { escaped, flaws, sentenceOf, stepsOf, type Flaw } from '../problems/flaws.ts';

const SHOWN_MAX = 10;

/** The text of a configuration file: its values, and the line and column of each of them. */
export class ConfigFile {
  readonly path: string;
  readonly text: string;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  /** @throws refusal `config_missing` */
  static read(path: string): ConfigFile {
    if (!existsSync(path)) throw refusal('config_missing', `There is no configuration ${path}.`);
    return new ConfigFile(path, readFileSync(path, 'utf8').replace(/^\ufeff/, ''));
  }

  /** Its values, checked against the schema. @throws refusal that names line, column, and what is expected there */
  config(): Config {
    let value: unknown;
    try {
      value = parseJson(this.text);
    } catch (cause) {
      if (cause instanceof RangeError)
        throw refusal('config_malformed', `${this.path} can't be read: ${cause.message}.`, { cause });
      const { first } = parsed(this.text);
      const what = first ? expectation(first) : (cause as Error).message;
      throw refusal('config_malformed', `${this.#at(first?.offset ?? 0)}: ${what}.`, {
        hint: 'The configuration is JSON (RFC 8259).',
        cause,
      });
    }
    if (validator<Config>('config')(value)) return value;
    throw this.refusal(flaws({ $ref: 'reprise:/config' }, value));
  }

  /** Members that occur twice in one object: JSON keeps only the last one. */
  repeated(): Flaw[] {
    const { tree } = parsed(this.text);
    return tree ? repeatedIn(tree, '') : [];
  }

  /** One error for these flaws, with the line and column of each. */
  refusal(found: Flaw[]): RepriseError {
    const placed = found.map((flaw) => ({ flaw, offset: this.#offset(flaw.pointer) }));
    const lines = placed
      .sort((a, b) => a.offset - b.offset)
      .slice(0, SHOWN_MAX)
      .map(({ flaw, offset }) => `${this.#at(offset)}: ${sentenceOf(flaw)}.`);
    const more = found.length - lines.length;
    return refusal('config_invalid', [...lines, ...(more > 0 ? [`And ${more} more.`] : [])].join('\n'), {
      hint: 'docs/configuration.md lists every key.',
      errors: found.map(({ pointer, message }) => ({ pointer: `#${pointer}`, detail: message })),
    });
  }

  /** `config/reprise.json:12:5`: the place of a value, or of the object that lacks it. Lines and columns count from 1. */
  place(pointer: string): string {
    return this.#at(this.#offset(pointer));
  }

  #offset(pointer: string): number {
    const { tree, jsonc } = parsed(this.text);
    let node = tree;
    for (const step of stepsOf(pointer)) {
      const next = node && jsonc.findNodeAtLocation(node, [node.type === 'array' ? Number(step) : step]);
      if (!next) break;
      node = next;
    }
    // People look for a member by its name.
    return (node?.parent?.type === 'property' ? node.parent : node)?.offset ?? 0;
  }

  #at(offset: number): string {
    const before = this.text.slice(0, offset).split('\n');
    const near = relative(process.cwd(), this.path);
    return `${near.startsWith('..') ? this.path : near}:${before.length}:${before.at(-1)!.length + 1}`;
  }
}

/** @throws refusal with the places of these flaws, where there are any; their pointers begin in `section` */
export function refuseFlaws(file: ConfigFile | null, section: string, found: Flaw[]): void {
  if (found.length === 0) return;
  const placed = found.map(({ pointer, message }) => ({ pointer: `/${section}${pointer}`, message }));
  throw (file ?? new ConfigFile('the configuration', '')).refusal(placed);
}

/** Runs `work`, which concerns one place of the configuration; its error gets the line and column of that place. */
export function withPlace<T>(file: ConfigFile | null, pointer: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!file || !(error instanceof RepriseError)) throw error;
    throw error.inWords(`${file.place(pointer)}: ${error.message}`);
  }
}

/** The pointer to the definition of a running service; '' where the configuration has none. */
export function definitionOf(
  { services, analytics, pipelines }: Required<Pick<Config, 'services' | 'analytics' | 'pipelines'>>,
  service: string,
): string {
  if (Object.hasOwn(services, service)) return `/services/${escaped(service)}`;
  if (Object.hasOwn(analytics, service)) return `/analytics/${escaped(service)}`;
  const pipeline = Object.keys(pipelines).find((name) => service.startsWith(`${name}.`));
  return pipeline === undefined ? '' : `/pipelines/${escaped(pipeline)}`;
}

function repeatedIn(node: Node, pointer: string): Flaw[] {
  const names = new Set<string>();
  return (node.children ?? []).flatMap((child, i): Flaw[] => {
    if (node.type === 'array') return repeatedIn(child, `${pointer}/${i}`);
    const [key, inner] = child.children ?? [];
    if (node.type !== 'object' || !key || !inner) return [];
    const name = key.value as string;
    const own = `${pointer}/${escaped(name)}`;
    const isTwice = names.has(name);
    names.add(name);
    const twice = isTwice ? [{ pointer: own, message: 'occurs twice, and only the last one counts' }] : [];
    return [...twice, ...repeatedIn(inner, own)];
  });
}

type Jsonc = typeof import('jsonc-parser');

/** Parses with positions. The parser is loaded only when something is wrong: loading takes longer than all other work on a configuration. */
function parsed(text: string): { tree: Node | undefined; first: ParseError | undefined; jsonc: Jsonc } {
  const jsonc = createRequire(import.meta.url)('jsonc-parser') as Jsonc;
  const errors: ParseError[] = [];
  const tree = jsonc.parseTree(text, errors, { disallowComments: true });
  return { tree, first: errors[0], jsonc };
}

/** What is expected, by error code of jsonc-parser (`ParseErrorCode`). */
const EXPECTATIONS: { [code: number]: string } = {
  1: 'this is not a JSON value; a text needs double quotes',
  2: 'this is not a valid number',
  3: 'a name in double quotes is expected',
  4: 'a value is expected',
  5: 'a colon is expected',
  6: 'a comma is expected',
  7: 'a closing brace is expected',
  8: 'a closing bracket is expected',
  9: 'the document ends before this',
  10: 'JSON does not allow comments',
  11: 'the comment has no end',
  12: 'the text lacks its closing quote',
  13: 'the number is incomplete',
  14: '\\u needs four hexadecimal digits after it',
  15: 'this must not follow a backslash',
  16: 'a text must not contain control characters; write \\n or \\t',
};

const expectation = ({ error }: ParseError): string => EXPECTATIONS[error] ?? 'this is not valid JSON';
