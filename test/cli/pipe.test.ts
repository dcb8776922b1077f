import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { root } from '../../core/runtime/root.mjs';

describe('A command whose output goes into a pipe', () => {
  it('ends quietly when the reader closes the pipe', () => {
    const { stderr, stdout } = spawnSync(
      'sh',
      ['-c', '{ node bin/reprise.js --help; echo "exit $?" >&2; } | true'],
      {
        cwd: root,
        encoding: 'utf8',
      },
    );
    assert.equal(stdout, '');
    assert.equal(stderr, 'exit 0\n');
  });
});
