/** Who may import whom. The arrows point one way: schemas <- core <- replayer, backend, supervisor; the page knows types only. */
const only = (name, comment, module, allowed) => ({
  name,
  comment,
  severity: 'error',
  from: { pathNot: allowed },
  to: { path: `^node_modules/(${module})/` },
});
const layer = (folder, mayNot) => ({
  name: `${folder}-layer`,
  comment: `${folder}/ stands below ${mayNot}`,
  severity: 'error',
  from: { path: `^${folder}/` },
  to: { path: `^(${mayNot})/` },
});

module.exports = {
  forbidden: [
    layer('schemas', 'core|replayer|backend|supervisor|frontend|bin'),
    layer('core', 'replayer|backend|supervisor|frontend|bin'),
    layer('replayer', 'backend|frontend|bin'),
    layer('backend', 'replayer|frontend|supervisor|bin'),
    {
      name: 'supervisor-layer',
      comment:
        'The supervisor knows the other folders only through the table of roles (and makes the demo recordings).',
      severity: 'error',
      from: { path: '^supervisor/', pathNot: '^supervisor/(roles|demo)\\.ts$' },
      to: { path: '^(replayer|backend|frontend|bin)/' },
    },
    {
      name: 'page-knows-types',
      comment: 'The page imports the types of the schemas, and nothing else of ours.',
      severity: 'error',
      from: { path: '^frontend/' },
      to: { path: '^(core|replayer|backend|supervisor|bin|schemas)/', pathNot: '^schemas/types\\.ts$' },
    },
    only('redis-in-core', 'Only core/ speaks to Redis; every key and command is there.', 'ioredis', '^core/'),
    only('http-in-api', 'Express is the affair of the API.', 'express', '^backend/api/'),
    only('sockets-in-gateway', 'Socket.IO is the affair of the gateway.', 'socket\\.io', '^backend/gateway/'),
    only('queue-in-tasks', 'BullMQ is the affair of the tasks.', 'bullmq', '^backend/tasks/'),
    {
      name: 'no-circle',
      comment: 'A circle has no bottom to begin reading at.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-dev-dependency',
      comment: 'What runs is not built on what only tests have.',
      severity: 'error',
      from: { path: '^(core|schemas|supervisor|replayer|backend|bin)/', pathNot: '\\.d\\.ts$' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
    {
      name: 'resolvable',
      comment: 'It must exist.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(geojson|topojson-specification)$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|test|bench)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'svelte', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.svelte', '.json'],
    },
  },
};
