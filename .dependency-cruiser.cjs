/** The layering rules: which room may import which. ARCHITECTURE.md gives the reasons. */

/** An import of a npm package, wherever npm has put it. */
const npm = (name) => ({ path: `(^|/)node_modules/${name}/` });

const ours = '^(bin|cli|core|schemas|supervisor|replayer|backend|frontend)/';

/**
 * Rules for the rooms of a folder: a room imports from the rooms listed before it and from itself, types included. Rooms
 * on one line do not know each other. Files that lie in the folder itself are under no rule here.
 */
const layers = (folder, lines) =>
  lines.flatMap(([rooms, comment], i) =>
    rooms.map((room) => {
      const allowed = lines.slice(0, i).flatMap(([below]) => below);
      return {
        name: `${folder.replaceAll('/', '-')}-${room}-stands-on-${allowed.join('-') || 'nothing'}`,
        severity: 'error',
        comment,
        from: { path: `^${folder}/${room}/` },
        to: { path: `^${folder}/[^/]+/`, pathNot: `^${folder}/(${[...allowed, room].join('|')})/` },
      };
    }),
  );

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'schemas-stand-alone',
      severity: 'error',
      comment: 'schemas/ is shared by everybody and imports nobody.',
      from: { path: '^schemas/' },
      to: { path: ours, pathNot: '^schemas/' },
    },
    {
      name: 'core-knows-schemas',
      severity: 'error',
      comment: 'core/ is the ground of all rooms and imports schemas/ alone.',
      from: { path: '^core/' },
      to: { path: ours, pathNot: '^(core|schemas)/' },
    },
    ...layers('core', [
      [['problems'], 'The errors of all processes. Every other room throws them.'],
      [['runtime', 'time', 'files'], 'What a process needs to run: its modules, its clock, and its files.'],
      [
        ['wire'],
        'Events, channels and pipelines as they travel. It does not know Redis: a file holds the same events.',
      ],
      [['lua'], 'The Redis Functions as text, with the layout of their arguments. It does not call them.'],
      [['redis'], 'Connects to Redis, calls the functions, and reads what Redis keeps.'],
      [
        ['writing', 'channels', 'figures'],
        'Writes events to channels, tells and deletes channels as a whole, and counts for Prometheus. Writing alone knows what a batch is made of.',
      ],
      [['settings', 'plugins'], 'What a process is started with. They do not know each other.'],
      [['logging'], 'Log lines go to the sinks of the settings and of plugins, and to Redis.'],
      [['setup'], 'Follows changes of the configuration at run time, and logs them.'],
    ]),
    {
      name: 'replayer-knows-core',
      severity: 'error',
      comment: 'The replayer imports core/ and schemas/; it talks to the backend through Redis.',
      from: { path: '^replayer/' },
      to: { path: ours, pathNot: '^(replayer|core|schemas)/' },
    },
    ...layers('replayer', [
      [['formats'], 'A format turns bytes into rows. It does not know recordings, so a format is one file.'],
      [['reading'], 'Turns the rows of any format into records in time order. It does not know MCAP.'],
      [
        ['mcap'],
        'Reads, writes and repairs files in MCAP, the native format. It does not know what plays them.',
      ],
      [['playing'], 'Plays recordings of any format. It does not know processes, and writes no files.'],
      [['files', 'record'], 'Commands on files, and the recorder. The two do not know each other.'],
      [['hosting'], 'The replayer process. Only main.ts imports it.'],
    ]),
    ...layers('replayer/reading', [
      [['packing'], 'Unpacks streams of bytes, and says where they are damaged.'],
      [['source'], 'Where bytes come from: files, pipes and streams.'],
      [['archives'], 'Takes recordings out of archives, into temporary files.'],
      [['inference'], 'What the beginning of a recording tells about all of it.'],
      [['parsing'], 'Turns rows into records, on one thread or several.'],
      [['order'], 'Puts records in time order, and finds those whose time is wrong.'],
    ]),
    ...layers('replayer/mcap', [
      [['format'], 'The layout of bytes in a file.'],
      [['compression'], 'Packs and unpacks chunks, on this thread or beside it.'],
      [['writing'], 'Writes files.'],
      [['reading'], 'Reads intact files.'],
      [['recovery'], 'Reads what is left of damaged files.'],
    ]),
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
      comment: 'The backend imports core/ and schemas/; it talks to the replayer through Redis.',
      from: { path: '^backend/' },
      to: { path: ours, pathNot: '^(backend|core|schemas)/' },
    },
    ...layers('backend', [
      [['analysis', 'gateway', 'tasks'], 'Each does one job, and they do not know each other.'],
      [['api'], 'Offers the other three over REST; only it knows them all.'],
    ]),
    ...layers('backend/analysis', [
      [
        ['engine'],
        'Runs a service over a list of events. Everything derived is a function of the events alone.',
      ],
      [
        ['drift', 'gps', 'quality', 'text', 'windows'],
        'The algorithms of services, one room for each subject. They do not know each other.',
      ],
      [
        ['services', 'running'],
        'What is derived, and how a service is run from a log and committed. They do not know each other.',
      ],
      [['hosting'], 'Finds the kinds of services, and starts those that are set up.'],
    ]),
    {
      name: 'running-stands-on-its-files',
      severity: 'error',
      comment: 'outputs/ stands on the files of running/, and the two ways to run a service stand on both.',
      from: { path: '^backend/analysis/running/([^/]+$|outputs/)' },
      to: { path: '^backend/analysis/running/(committed|live)/' },
    },
    {
      name: 'running-files-know-no-outputs',
      severity: 'error',
      comment: 'Checkpoint, lease and peers are the same for whatever a service writes.',
      from: { path: '^backend/analysis/running/[^/]+$' },
      to: { path: '^backend/analysis/running/outputs/' },
    },
    {
      name: 'committed-and-live-stay-apart',
      severity: 'error',
      comment:
        'A service runs from the log with commits, or on what is published: neither way knows the other.',
      from: { path: '^backend/analysis/running/(committed|live)/' },
      to: { path: '^backend/analysis/running/(committed|live)/', pathNot: '^backend/analysis/running/$1/' },
    },
    {
      name: 'engine-knows-no-redis',
      severity: 'error',
      comment:
        'The engine, services and their algorithms know neither Redis nor processes, so that a test needs only a list of events.',
      from: { path: '^backend/analysis/(engine|services|drift|gps|quality|text|windows)/' },
      to: { path: '^core/(redis|writing|setup|lua)/' },
    },
    ...layers('backend/gateway', [
      [['log'], 'The recent part of each channel, read once for all clients.'],
      [['delivery'], 'What one client is sent next, and how it is counted. Reads nothing itself.'],
      [['streams'], 'Clients and channels: joining, catching up, taking turns. Does not know Socket.IO.'],
    ]),
    ...layers('backend/api', [
      [
        ['http'],
        'What stands in front of handlers: keys, limits, validation, problems. Knows no noun of the API.',
      ],
      [['stores'], 'What the API shows and changes, behind plain methods.'],
      [
        ['metrics', 'routing'],
        'Metrics of the process, and what all routes share. Routes are typed against all stores.',
      ],
      [
        ['endpoints', 'resources', 'page'],
        'Routes: configured ones, the nouns of the API, and the page. They do not know each other.',
      ],
      [['docs'], 'Describes routes. Only app.ts and main.ts stand above; they put everything together.'],
    ]),
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
      comment: 'The table of roles imports their main.ts and check.ts only, and only dynamically.',
      from: { path: '^supervisor/roles\\.ts$' },
      to: {
        path: '^(replayer|backend|frontend)/',
        pathNot: '^(replayer/main|backend/(analysis|tasks|api)/main|backend/(analysis|api)/check)\\.ts$',
      },
    },
    {
      name: 'roles-stay-apart',
      severity: 'error',
      comment: 'A static import of a role would load it into every process.',
      from: { path: '^supervisor/roles\\.ts$' },
      to: { path: '^(replayer|backend)/', dependencyTypesNot: ['dynamic-import'] },
    },
    {
      name: 'page-knows-types',
      severity: 'error',
      comment: 'The page shares only the types of messages with the servers.',
      from: { path: '^frontend/' },
      to: { path: ours, pathNot: '^(frontend/|schemas/types\\.ts$)' },
    },
    {
      name: 'page-ui-stands-alone',
      severity: 'error',
      comment: 'lib/ui/ is about the browser (format, settings, frames, route): it knows no data.',
      from: { path: '^frontend/src/lib/ui/' },
      to: { path: '^frontend/src/', pathNot: '^frontend/src/lib/ui/' },
    },
    {
      name: 'page-live-knows-ui',
      severity: 'error',
      comment:
        'lib/live/ holds the connection, channels, replays and subjects, and knows nothing of how they are shown.',
      from: { path: '^frontend/src/lib/live/' },
      to: { path: '^frontend/src/', pathNot: '^frontend/src/lib/(live|ui)/' },
    },
    {
      name: 'page-views-stay-apart',
      severity: 'error',
      comment:
        'What a panel knows has a room of its own over lib/live/ and lib/ui/. The rooms do not know each other; lib/app/ joins them.',
      from: { path: '^frontend/src/lib/(map|charts|timeline|feed|events|subjects)/' },
      to: { path: '^frontend/src/', pathNot: '^frontend/src/lib/($1|live|ui)/' },
    },
    {
      name: 'page-app-joins-views',
      severity: 'error',
      comment: 'lib/app/ builds the one state of the page; lib/share/ and lib/pages/ stand on it.',
      from: { path: '^frontend/src/lib/app/' },
      to: { path: '^frontend/src/', pathNot: '^frontend/src/lib/(app|map|charts|timeline|feed|live|ui)/' },
    },
    {
      name: 'page-lib-has-no-components',
      severity: 'error',
      comment: 'Classes know, components show: lib/ imports no component and no registry of components.',
      from: { path: '^frontend/src/lib/' },
      to: { path: '^frontend/src/', pathNot: '^frontend/src/lib/' },
    },
    {
      name: 'page-components-know-lib',
      severity: 'error',
      comment: 'Components serve panels, pages and the shell alike.',
      from: { path: '^frontend/src/components/' },
      to: { path: '^frontend/src/', pathNot: '^frontend/src/(components|lib)/' },
    },
    {
      name: 'page-panels-know-components',
      severity: 'error',
      from: { path: '^frontend/src/panels/' },
      to: { path: '^frontend/src/', pathNot: '^frontend/src/(panels|components|lib)/' },
    },
    {
      name: 'page-pages-know-panels',
      severity: 'error',
      comment: 'Pages know no shell around them; only the live page shows panels.',
      from: { path: '^frontend/src/pages/' },
      to: { path: '^frontend/src/', pathNot: '^frontend/src/(pages|panels|components|lib)/' },
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
      comment: 'The packages that the servers import are installed with them.',
      from: { path: ours, pathNot: '^frontend/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-circles',
      severity: 'error',
      comment:
        'Types count here. Svelte files are read as compiled: imports of values are seen, those of types are not.',
      from: {},
      to: { circular: true },
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
