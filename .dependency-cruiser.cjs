/** Who may import whom; ARCHITECTURE.md says why. */

/** An import of a npm package, wherever npm has put it. */
const npm = (name) => ({ path: `(^|/)node_modules/${name}/` });

const ours = '^(bin|cli|core|schemas|supervisor|replayer|backend|frontend)/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'schemas-stand-alone',
      severity: 'error',
      comment: 'schemas/ is what everybody agrees on: it knows nobody.',
      from: { path: '^schemas/' },
      to: { path: ours, pathNot: '^schemas/' },
    },
    {
      name: 'core-knows-schemas',
      severity: 'error',
      comment: 'core/ is what every service stands on: it knows schemas/ alone.',
      from: { path: '^core/' },
      to: { path: ours, pathNot: '^(core|schemas)/' },
    },
    {
      name: 'replayer-knows-core',
      severity: 'error',
      comment: 'The replayer knows core/ and schemas/; it and the backend meet in Redis.',
      from: { path: '^replayer/' },
      to: { path: ours, pathNot: '^(replayer|core|schemas)/' },
    },
    {
      name: 'cli-knows-the-replayer',
      severity: 'error',
      comment:
        'The command line reads recordings with replayer/; it reaches the backend through supervisor/roles.ts alone.',
      from: { path: '^cli/' },
      to: { path: ours, pathNot: '^(cli|replayer|core|schemas|supervisor)/' },
    },
    {
      name: 'backend-knows-core',
      severity: 'error',
      comment: 'The backend knows core/ and schemas/; it and the replayer meet in Redis.',
      from: { path: '^backend/' },
      to: { path: ours, pathNot: '^(backend|core|schemas)/' },
    },
    {
      name: 'supervisor-knows-core',
      severity: 'error',
      comment: 'The supervisor knows roles by name; only its table of roles says where they are.',
      from: { path: '^supervisor/', pathNot: '^supervisor/roles\\.ts$' },
      to: { path: ours, pathNot: '^(supervisor|core|schemas)/' },
    },
    {
      name: 'roles-are-loaded-when-asked-for',
      severity: 'error',
      comment: 'The table of roles imports them dynamically, and nothing of theirs but main.ts.',
      from: { path: '^supervisor/roles\\.ts$' },
      to: {
        path: '^(replayer|backend|frontend)/',
        pathNot: '^(replayer/main|backend/(analysis|tasks|api)/main|backend/(analysis|api)/check)\\.ts$',
      },
    },
    {
      name: 'roles-stay-apart',
      severity: 'error',
      comment: 'A static import of a role would load it, and what it stands on, into every process.',
      from: { path: '^supervisor/roles\\.ts$' },
      to: { path: '^(replayer|backend)/', dependencyTypesNot: ['dynamic-import'] },
    },
    {
      name: 'page-knows-types',
      severity: 'error',
      comment: 'The page shares nothing with the servers but the types of what passes between them.',
      from: { path: '^frontend/' },
      to: { path: ours, pathNot: '^(frontend/|schemas/types\\.ts$)' },
    },
    {
      name: 'servers-do-not-know-the-page',
      severity: 'error',
      from: { path: ours, pathNot: '^frontend/' },
      to: { path: '^frontend/' },
    },
    {
      name: 'ioredis-in-core',
      severity: 'error',
      comment:
        'core/redis/connection.ts opens the connections: it sees to versions, functions and reconnecting.',
      from: { path: ours, pathNot: '^core/' },
      to: npm('ioredis'),
    },
    {
      name: 'express-in-api',
      severity: 'error',
      from: { path: ours, pathNot: '^backend/api/' },
      to: npm('express'),
    },
    {
      name: 'socket-io-in-gateway',
      severity: 'error',
      from: { path: ours, pathNot: '^(backend/gateway|frontend)/' },
      to: npm('socket\\.io(-client)?'),
    },
    {
      name: 'bullmq-in-tasks',
      severity: 'error',
      comment: 'backend/tasks/ owns the queue; others submit through it.',
      from: { path: ours, pathNot: '^backend/tasks/' },
      to: npm('bullmq'),
    },
    {
      name: 'no-test-code',
      severity: 'error',
      from: { path: ours },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      comment: 'What the servers import is installed with them.',
      from: { path: ours, pathNot: '^frontend/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
