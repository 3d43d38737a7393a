/**
 * The house's import rules: imports run one way, towards the edge.
 *
 *   deploy ─► everything
 *   thumbnailer ─► origin-shield/origin (object store) ─► edge/cache, edge/distribution
 *                 edge/log (pictures made are billed as responses are)
 *   analytics ─► edge/log (the record's shape), edge/geo (where imported records are from),
 *                 origin-shield/origin (object store, for log files)
 *   everything ─► edge/program (how a program of ours starts, stops and fails)
 *   edge ─► nothing outside edge
 */
const only = (from, allowed) => ({
  name: `${from}-imports`,
  severity: 'error',
  comment: `${from}/ may import only itself${allowed.length ? ` and ${allowed.join(', ')}` : ''}`,
  from: { path: `^${from}/` },
  to: {
    path: '^(edge|origin-shield|analytics|thumbnailer|deploy|test)/',
    pathNot: [`^${from}/`, ...allowed.map((folder) => `^${folder}/`)],
  },
})

module.exports = {
  forbidden: [
    only('edge', []),
    only('origin-shield', [
      'edge/program',
      'edge/cache',
      'edge/distribution',
      'edge/invalidation',
      'edge/listen',
    ]),
    only('analytics', ['edge/program', 'edge/log', 'edge/geo', 'origin-shield/origin']),
    only('thumbnailer', ['edge/program', 'edge/log', 'origin-shield/origin']),
    only('deploy', ['edge', 'origin-shield', 'analytics', 'thumbnailer']),
    {
      name: 'cache-is-a-leaf',
      severity: 'error',
      comment: 'edge/cache/ knows nothing of sites, sockets, logs or places',
      from: { path: '^edge/cache/' },
      to: { path: '^edge/', pathNot: '^edge/(cache|program)/' },
    },
    {
      name: 'program-is-a-leaf',
      severity: 'error',
      comment: 'edge/program/ is imported by every program and so imports none of them',
      from: { path: '^edge/program/' },
      to: { path: '^edge/', pathNot: '^edge/program/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'a file that nothing imports and that is no entry point is dead',
      from: {
        orphan: true,
        pathNot: [
          '\\.d\\.ts$',
          '(^|/)main\\.ts$',
          '\\.test\\.ts$',
          '^deploy/(standalone|invalidate|config)\\.ts$',
          '^edge/cache/disk/probe\\.ts$',
          '^\\.',
        ],
      },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(assets|demo/(hello|slides|swagger))/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['node', 'import', 'default'] },
    tsConfig: { fileName: 'tsconfig.json' },
  },
}
