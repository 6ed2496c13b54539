/** Every setting, read once from the environment. `npm start -- --help` prints this table. */
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { BaseMap, MapConfig } from './contract/map.ts'
import { LonLat } from './contract/ids.ts'

/** One setting: what it is for, what it is when not given, and how its text is read. `allowed` is for people. */
type Setting<T> = { about: string; allowed: string; default: string | undefined; schema: z.ZodType<T, string | undefined> }

const text = (about: string, allowed: string, standard: string | undefined) => ({ about, allowed, default: standard, schema: z.string().min(1).optional() })
const integer = (about: string, from: number, to: number, standard: number) => ({
  about,
  allowed: `a whole number from ${from} to ${to}`,
  default: String(standard),
  schema: z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(from).max(to)),
})
const yesNo = (about: string, standard: 'yes' | 'no') => ({
  about,
  allowed: 'yes or no',
  default: standard,
  schema: z.enum(['yes', 'no', 'true', 'false', '1', '0']).transform((value) => ['yes', 'true', '1'].includes(value)),
})
const json = <T>(about: string, allowed: string, standard: string, schema: z.ZodType<T>) => ({
  about,
  allowed,
  default: standard,
  schema: z
    .string()
    .transform((value, context): unknown => {
      try {
        return JSON.parse(value)
      } catch {
        context.addIssue({ code: 'custom', message: 'is not JSON' })
        return z.NEVER
      }
    })
    .pipe(schema as z.ZodType<T>),
})

function nameOf(baseMap: BaseMap): string {
  return baseMap.kind === 'none' ? '' : baseMap.name
}

/** The table. Names are the environment variables. */
export const settings = {
  PORT: integer('Port of the pages and the API', 0, 65535, 8080),
  HOST: text('Address to listen on', 'an IP address or host name', '0.0.0.0'),
  MAPWALL_DATA: text('Folder for everything that lasts: embedded database, keys, demo accounts', 'a folder that can be written', './data'),
  DATABASE_URL: text('PostgreSQL to use instead of the embedded database', 'postgres://user:password@host:port/name', undefined),
  DATABASE_CONNECTIONS: integer('Connections held to PostgreSQL (the embedded database always has 1)', 1, 100, 10),
  MAPWALL_UNIT_NAME: text('Name of the unit, shown in the header', 'text', '视频监控平台'),
  TLS_CERT: text('File with the certificate chain (PEM); serves HTTPS together with TLS_KEY', 'a readable file', undefined),
  TLS_KEY: text('File with the private key (PEM)', 'a readable file', undefined),
  TRUST_PROXY: yesNo('A reverse proxy of yours stands in front and sets X-Forwarded-For, -Proto and -Host', 'no'),
  MAPWALL_FFMPEG: text('ffmpeg used for transcoding and sound; without it those are refused with a reason', 'a program name or path', 'ffmpeg'),
  MAPWALL_TRANSCODES: integer('Transcodes at the same time', 0, 64, Math.max(1, Math.floor(cpus().length / 2))),
  MAPWALL_MEDIA_DIRS: text(
    'Folders for recordings, one for each disk; a new file goes to the writable one with the most room',
    'folders separated by commas',
    undefined,
  ),
  MAPWALL_RECORDINGS_GB: {
    about: 'Most that recordings may take, in GB (10^9 bytes); the oldest go first. Without it: until the disks are nearly full',
    allowed: 'a whole number from 1 to 10000000',
    default: undefined,
    schema: z
      .string()
      .regex(/^[1-9]\d{0,6}$/)
      .transform(Number)
      .optional(),
  },
  MAPWALL_BASEMAP: json(
    'Base map of the pages, or a list to choose from, the first as default',
    'JSON: {"kind":"vector"|"pmtiles"|"mvt"|"xyz"|"tms"|"wmts"|"none", …} or a list of 1 to 12 such (docs/settings.md)',
    '{"kind":"none"}',
    z
      .unknown()
      .transform((given) => (Array.isArray(given) ? given : [given]))
      .pipe(z.array(BaseMap).min(1).max(12))
      .refine((list) => new Set(list.map(nameOf)).size === list.length, 'two have the same name'),
  ),
  MAPWALL_OUTLINE: json('Outline of the district', 'JSON: [[lon,lat], …] in WGS-84, closed; or null', 'null', MapConfig.shape.outline),
  MAPWALL_CENTER: json('Middle of the map at the start', 'JSON: [lon,lat] in WGS-84', '[111.66,40.75]', LonLat),
  MAPWALL_ZOOM: integer('Zoom of the map at the start', 3, 20, 13),
  MAPWALL_PROBE_SECONDS: integer('Seconds in which every camera is probed once', 10, 3600, 45),
  MAPWALL_GATEWAY: {
    about: 'A gateway of yours on the way to the cameras: while it cannot be reached, cameras are unknown, not offline',
    allowed: 'host:port (TCP)',
    default: undefined,
    schema: z
      .string()
      .regex(/^[^\s:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/)
      .optional(),
  },
  MAPWALL_IDLE_HOURS: integer('Hours after which an unused login ends; on duty, supervising and operating an open page is use', 1, 168, 12),
  MAPWALL_ADMIN_IDLE_MINUTES: integer("Minutes after which an administrator's unused login ends; an open page is not use", 5, 1440, 30),
  MAPWALL_LOGIN_HOURS: integer('Hours after which any login ends, except those of the next setting', 1, 720, 168),
  MAPWALL_WATCH_LOGIN_DAYS: integer(
    'Days after which a login on duty, supervising or operating ends, so that a wall of screens need not be signed in weekly',
    1,
    366,
    31,
  ),
  MAPWALL_REQUESTS_PER_SECOND: integer('Requests a second one address may make', 10, 100_000, 1000),
  LOG_LEVEL: {
    about: 'How much the log says',
    allowed: 'error, warn, info, debug or silent',
    default: 'info',
    schema: z.enum(['error', 'warn', 'info', 'debug', 'silent']),
  },
} satisfies Record<string, Setting<unknown>>

type Values = { [Name in keyof typeof settings]: z.output<(typeof settings)[Name]['schema']> }

export type Config = {
  port: number
  host: string
  dataFolder: string
  /** Undefined: the embedded database. */
  databaseUrl: string | undefined
  databaseConnections: number
  unitName: string
  tls: { cert: string; key: string } | undefined
  trustProxy: boolean
  ffmpeg: string
  mostTranscodes: number
  mediaFolders: string[]
  /** For all recordings together; undefined: as much as the disks hold. */
  recordingQuotaBytes: number | undefined
  map: MapConfig
  /** Origins of base-map services outside our own, for the page's content security policy. */
  mapOrigins: string[]
  /** One round over all cameras. */
  probePeriodMs: number
  gateway: string | undefined
  /** How long a login lasts (`features/accounts/login-limits.ts`). */
  logins: { administratorIdleMs: number; idleMs: number; watchLoginMs: number; loginMs: number }
  requestsPerSecond: number
  logLevel: Values['LOG_LEVEL']
}

/** A setting that cannot be used. The message names it, its value and what is allowed, and is all a person needs. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const secretSettings = new Set(['DATABASE_URL'])

/** Reads and checks everything at once; throws one `ConfigError` naming every bad setting. */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(settings) as [string, Setting<unknown>][]) {
    const given = environment[name]?.trim() === '' ? undefined : environment[name]?.trim()
    const result = setting.schema.safeParse(given ?? setting.default)
    if (result.success) values[name] = result.data
    else problems.push(`${name}=${secretSettings.has(name) ? '***' : given} is not allowed: ${setting.allowed}${placeOf(result.error)}`)
  }
  const known = values as Values
  if (known.DATABASE_URL !== undefined && !/^postgres(ql)?:\/\/\S+$/.test(known.DATABASE_URL))
    problems.push(`DATABASE_URL=*** is not allowed: ${settings.DATABASE_URL.allowed}`)
  if ((known.TLS_CERT === undefined) !== (known.TLS_KEY === undefined)) problems.push('TLS_CERT and TLS_KEY belong together: give both or none')
  const tls =
    known.TLS_CERT && known.TLS_KEY ? { cert: readPem('TLS_CERT', known.TLS_CERT, problems), key: readPem('TLS_KEY', known.TLS_KEY, problems) } : undefined
  if (problems.length > 0) throw new ConfigError(`MapWall does not start with these settings:\n  ${problems.join('\n  ')}\nSee npm start -- --help`)

  const dataFolder = resolve(known.MAPWALL_DATA!)
  const [baseMap, ...otherBaseMaps] = known.MAPWALL_BASEMAP as [BaseMap, ...BaseMap[]]
  return {
    port: known.PORT,
    host: known.HOST!,
    dataFolder,
    databaseUrl: known.DATABASE_URL,
    databaseConnections: known.DATABASE_CONNECTIONS,
    unitName: known.MAPWALL_UNIT_NAME!,
    tls,
    trustProxy: known.TRUST_PROXY,
    ffmpeg: known.MAPWALL_FFMPEG!,
    mostTranscodes: known.MAPWALL_TRANSCODES,
    mediaFolders: known.MAPWALL_MEDIA_DIRS?.split(',').map((folder) => resolve(folder.trim())) ?? [join(dataFolder, 'recordings')],
    recordingQuotaBytes: known.MAPWALL_RECORDINGS_GB === undefined ? undefined : known.MAPWALL_RECORDINGS_GB * 1e9,
    map: { baseMap, otherBaseMaps, outline: known.MAPWALL_OUTLINE, center: known.MAPWALL_CENTER, zoom: known.MAPWALL_ZOOM },
    mapOrigins: originsOf([baseMap, ...otherBaseMaps]),
    probePeriodMs: known.MAPWALL_PROBE_SECONDS * 1000,
    gateway: known.MAPWALL_GATEWAY,
    logins: {
      administratorIdleMs: known.MAPWALL_ADMIN_IDLE_MINUTES * MINUTE_MS,
      idleMs: known.MAPWALL_IDLE_HOURS * HOUR_MS,
      watchLoginMs: known.MAPWALL_WATCH_LOGIN_DAYS * DAY_MS,
      loginMs: known.MAPWALL_LOGIN_HOURS * HOUR_MS,
    },
    requestsPerSecond: known.MAPWALL_REQUESTS_PER_SECOND,
    logLevel: known.LOG_LEVEL,
  }
}

/** Where in a long JSON the fault is, when that is known. */
function placeOf({ issues: [issue] }: z.ZodError): string {
  return issue && issue.path.length > 0 ? ` (${issue.path.join('.')}: ${issue.message})` : ''
}

/** Outside services of base maps, each once. */
function originsOf(baseMaps: readonly BaseMap[]): string[] {
  const urls = baseMaps.flatMap((baseMap) => (baseMap.kind !== 'none' && /^https?:\/\//.test(baseMap.url) ? [baseMap.url] : []))
  return [...new Set(urls.map(originOf))]
}
/** Tile URLs may hold `{x}` and the like in their path, never in their host. */
const originOf = (url: string) => new URL(url.replaceAll(/[{}]/g, '')).origin

function readPem(name: string, file: string, problems: string[]): string {
  try {
    const pem = readFileSync(file, 'utf8')
    if (!pem.includes('-----BEGIN ')) problems.push(`${name}=${file} is not allowed: a file in PEM form`)
    return pem
  } catch (problem) {
    problems.push(`${name}=${file} cannot be read: ${(problem as NodeJS.ErrnoException).code ?? 'unknown reason'}`)
    return ''
  }
}

/** Text of `--help`, made from the table. */
export function helpText(): string {
  const lines = Object.entries(settings).map(
    ([name, { about, allowed, default: standard }]) => `  ${name}\n      ${about}.\n      Allowed: ${allowed}. Default: ${standard ?? 'none'}.`,
  )
  return ['MapWall: video wall, electronic map and operations platform.', '', 'Settings are environment variables:', '', ...lines, ''].join('\n')
}
