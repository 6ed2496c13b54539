import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ConfigError, helpText, readConfig, settings } from '../server/config.ts'

describe('settings', () => {
  test('without any, the defaults hold', () => {
    expect(readConfig({})).toMatchObject({
      port: 8080,
      host: '0.0.0.0',
      databaseUrl: undefined,
      tls: undefined,
      trustProxy: false,
      logLevel: 'info',
      logins: { administratorIdleMs: 1_800_000, idleMs: 12 * 3_600_000, watchLoginMs: 31 * 86_400_000, loginMs: 168 * 3_600_000 },
      map: { baseMap: { kind: 'none' } },
      mapOrigins: [],
    })
  })
  test('an empty value counts as not given', () => expect(readConfig({ PORT: '', LOG_LEVEL: ' ' })).toMatchObject({ port: 8080, logLevel: 'info' }))
  test.each([
    { PORT: 'http' },
    { PORT: '70000' },
    { PORT: '80.5' },
    { PORT: '-1' },
    { DATABASE_CONNECTIONS: '0' },
    { TRUST_PROXY: 'maybe' },
    { LOG_LEVEL: 'loud' },
    { MAPWALL_BASEMAP: '{' },
    { MAPWALL_BASEMAP: '{"kind":"globe"}' },
    { MAPWALL_BASEMAP: '[]' },
    { MAPWALL_BASEMAP: '[{"kind":"none"},{"kind":"globe"}]' },
    { MAPWALL_BASEMAP: '[{"kind":"none"},{"kind":"none"}]' },
    { MAPWALL_BASEMAP: '{"kind":"xyz","url":"http://tiles.example/{z}/{x}.png","crs":"EPSG:3857","name":"n","date":"2026"}' },
    { MAPWALL_BASEMAP: '{"kind":"tms","url":"http://tiles.example/tms","crs":"EPSG:3857","name":"n","date":"2026"}' },
    { MAPWALL_BASEMAP: '{"kind":"mvt","url":"ftp://tiles.example/{z}/{x}/{y}.pbf","name":"n","date":"2026"}' },
    { MAPWALL_BASEMAP: '{"kind":"xyz","url":"http://tiles.example/{z}/{x}/{y}.png","crs":"EPSG:9999","name":"n","date":"2026"}' },
    { MAPWALL_BASEMAP: '{"kind":"xyz","url":"javascript:{z}{x}{y}","crs":"EPSG:3857","name":"n","date":"2026"}' },
    { MAPWALL_CENTER: '[200,1]' },
    { MAPWALL_OUTLINE: '"x"' },
  ])('%o is refused by name, with its value and what is allowed', (environment) => {
    const [name, value] = Object.entries(environment)[0]! as [keyof typeof settings, string]
    expect(() => readConfig(environment)).toThrow(ConfigError)
    expect(() => readConfig(environment)).toThrow(`${name}=${value} is not allowed: ${settings[name].allowed}`)
  })
  test('every bad setting is named at once', () => expect(() => readConfig({ PORT: 'x', LOG_LEVEL: 'y' })).toThrow(/PORT=x[\s\S]*LOG_LEVEL=y/))
  test('a database URL is never repeated in a message', () => {
    expect(() => readConfig({ DATABASE_URL: 'mysql://a:S3CRET@h/db' })).toThrow(/DATABASE_URL=\*\*\*/)
    expect(() => readConfig({ DATABASE_URL: 'mysql://a:S3CRET@h/db' })).not.toThrow(/S3CRET/)
  })
  test('certificate and key belong together and must be readable', () => {
    expect(() => readConfig({ TLS_CERT: '/nowhere' })).toThrow(/belong together/)
    expect(() => readConfig({ TLS_CERT: '/nowhere', TLS_KEY: '/nowhere' })).toThrow(/TLS_CERT=\/nowhere cannot be read: ENOENT/)
    const folder = mkdtempSync(join(tmpdir(), 'mapwall-config-'))
    try {
      writeFileSync(join(folder, 'pem'), '-----BEGIN X-----\n')
      const file = join(folder, 'pem')
      expect(readConfig({ TLS_CERT: file, TLS_KEY: file }).tls).toEqual({ cert: '-----BEGIN X-----\n', key: '-----BEGIN X-----\n' })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
  test('an outside base map names the origin the page may load from', () => {
    const MAPWALL_BASEMAP = JSON.stringify({ kind: 'xyz', url: 'http://tiles.example:8090/{z}/{x}/{y}.png', crs: 'EPSG:3857', name: 'n', date: '2026' })
    expect(readConfig({ MAPWALL_BASEMAP }).mapOrigins).toEqual(['http://tiles.example:8090'])
  })
  test('several base maps: the first is the default, each outside origin is named once', () => {
    const common = { crs: 'EPSG:3857', date: '2026' }
    const MAPWALL_BASEMAP = JSON.stringify([
      { kind: 'tms', url: 'http://a.example/{z}/{x}/{y}.png', name: 'a', ...common },
      { kind: 'mvt', url: 'https://b.example:8443/{z}/{x}/{y}.pbf', name: 'b', date: '2026' },
      { kind: 'xyz', url: 'http://a.example/other/{z}/{x}/{y}.png', name: 'c', ...common },
      { kind: 'pmtiles', url: '/basemap/x.pmtiles', name: 'd', date: '2026' },
      { kind: 'none' },
    ])
    const { map, mapOrigins } = readConfig({ MAPWALL_BASEMAP })
    expect(map.baseMap).toMatchObject({ kind: 'tms', name: 'a', minZoom: 0, maxZoom: 18 })
    expect(map.otherBaseMaps.map(({ kind }) => kind)).toEqual(['mvt', 'xyz', 'pmtiles', 'none'])
    expect(map.otherBaseMaps[0]).toMatchObject({ crs: 'EPSG:3857', maxZoom: 14 })
    expect(mapOrigins).toEqual(['http://a.example', 'https://b.example:8443'])
  })
  test('a fault in a list of base maps says which and where', () => {
    const MAPWALL_BASEMAP = JSON.stringify([{ kind: 'none' }, { kind: 'xyz', url: '/t/{z}/{x}.png', crs: 'EPSG:3857', name: 'n', date: '2026' }])
    expect(() => readConfig({ MAPWALL_BASEMAP })).toThrow('1.url: needs {z}, {x} and {y}')
  })
  test('the help names every setting', () => {
    for (const name of Object.keys(settings)) expect(helpText()).toContain(name)
  })
  describe('docs/settings.md', () => {
    const text = readFileSync(new URL('../docs/settings.md', import.meta.url), 'utf8')
    const cell = (words: string) => words.replaceAll('|', '\\|')
    test.each(Object.entries(settings))('%s is there as the table says it', (name, { about, allowed, default: standard }) => {
      // this one depends on the machine
      const shown = name === 'MAPWALL_TRANSCODES' ? 'half the processor cores' : standard === undefined ? 'none' : `\`${standard}\``
      expect(text).toContain(`| \`${name}\` | ${cell(about)} | ${cell(allowed)} | ${shown} |`)
    })
    const examples = [...text.matchAll(/```json\n(.*)\n```/g)].map((found) => found[1]!)
    test.each(examples)('the example %s is taken', (MAPWALL_BASEMAP) => {
      const { map, mapOrigins } = readConfig({ MAPWALL_BASEMAP })
      const given = [JSON.parse(MAPWALL_BASEMAP)].flat() as { url: string; kind: string }[]
      expect([map.baseMap, ...map.otherBaseMaps].map(({ kind }) => kind)).toEqual(given.map(({ kind }) => kind))
      expect(mapOrigins).toEqual(given.flatMap(({ url }) => (url.startsWith('/') ? [] : [url.split('/').slice(0, 3).join('/')])))
    })
    test('has an example of each kind and of a list', () => {
      const kinds = examples.flatMap((example) => [JSON.parse(example)].flat() as { kind: string }[]).map(({ kind }) => kind)
      expect(new Set(kinds)).toEqual(new Set(['pmtiles', 'mvt', 'xyz', 'tms', 'wmts']))
      expect(examples.some((example) => example.startsWith('['))).toBe(true)
    })
  })
})
