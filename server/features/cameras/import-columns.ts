/** The columns of an import: their names in the heading, what they may hold, in words for the person who made the table. */
import { CameraId, type LonLat, StationId } from '../../contract/ids.ts'
import type { Link, Scene } from '../../contract/cameras.ts'
import type { Crs } from '../../contract/map.ts'
import { findRtspUrl, splitCredentials } from '../../protocols/rtsp/url.ts'
import type { Access } from './draft.ts'

export type ImportColumn<T> = {
  /** The first is used in messages; any of them, in any case, in the heading. */
  names: readonly string[]
  allowed: string
  /** A new camera must have it. */
  isRequired: boolean
  /** The value is never shown. */
  isSecret: boolean
  /** Undefined: not allowed. Never given an empty text. */
  read(text: string): T | undefined
}

const column = <T>(
  names: string[],
  allowed: string,
  read: (text: string) => T | undefined,
  { isRequired = false, isSecret = false } = {},
): ImportColumn<T> => ({
  names,
  allowed,
  isRequired,
  isSecret,
  read,
})
const required = { isRequired: true }

/** One of these words; the first is the one to show. */
const choice = <T extends string>(words: Record<T, readonly string[]>) => {
  const byWord = new Map(
    Object.entries<readonly string[]>(words).flatMap(([value, names]) => [value, ...names].map((name) => [name.toLowerCase(), value as T])),
  )
  const allowed = Object.values<readonly string[]>(words)
    .map(([first]) => first)
    .join('、')
  return { allowed: `应为：${allowed}`, read: (word: string) => byWord.get(word.toLowerCase()) }
}

/** A cell that a spreadsheet takes for a formula must not get in: it would run when the list is exported and opened again. */
const isFormula = (value: string) => /^[=+\-@]/.test(value)
const hasControlCharacter = (value: string) => /\p{Cc}/u.test(value)
const text = (names: string[], mostCharacters: number, options?: { isRequired: boolean }) =>
  column(
    names,
    `应为最多 ${mostCharacters} 个字，不能有换行，不能以 = + - @ 开头`,
    (value) => (value.length > mostCharacters || isFormula(value) || hasControlCharacter(value) ? undefined : value),
    options,
  )

const number = (names: string[], from: number, below: number, what: string, options?: { isRequired: boolean }) =>
  column(
    names,
    `应为${what}`,
    (value) => {
      const read = /^-?\d{1,6}(\.\d{1,12})?$/.test(value) ? Number(value) : Number.NaN
      return read >= from && read < below ? read : undefined
    },
    options,
  )

const yesNo = choice<'yes' | 'no'>({ yes: ['是', '有', 'true', '1'], no: ['否', '无', 'false', '0'] })
const answer = (names: string[]) =>
  column(names, '应为：是、否', (value) => {
    const read = yesNo.read(value)
    return read === undefined ? undefined : read === 'yes'
  })

/** A day as written in China; midnight there (UTC+8, no summer time). */
const day = (names: string[]) =>
  column(names, '应为日期，如 2024-05-31', (value) => {
    const [, year, month, dayOfMonth] = (/^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(value) ?? []).map(Number)
    if (year === undefined || month === undefined || dayOfMonth === undefined) return undefined
    const midnight = Date.UTC(year, month - 1, dayOfMonth)
    const isReal = new Date(midnight).getUTCMonth() === month - 1 && year >= 1990 && year < 2100
    return isReal ? midnight - 8 * 3_600_000 : undefined
  })

export type PastedUrl = { url: string; username: string; password: string }

/** A login pasted into the address is split off, so that the address can be shown and the password sealed. */
const url = (names: string[], options?: { isRequired: boolean }) =>
  column(
    names,
    '应为 rtsp://主机[:端口]/路径；密码中有 / 或 @ 时请填在密码列',
    (value): PastedUrl | undefined => {
      const pasted = splitCredentials(value)
      const parsed = hasControlCharacter(value) ? undefined : findRtspUrl(pasted.url)
      // a password with a slash leaves its second half in the path: `rtsp://admin:12/3@10.0.0.1/`
      if (!parsed || pasted.url.length > 500 || /@[\w.-]+(:\d+)?(\/|$)/.test(parsed.rest.split('?')[0]!)) return undefined
      return pasted
    },
    { ...options, isRequired: options?.isRequired ?? false, isSecret: true },
  )

const sceneNames: Record<Scene, readonly string[]> = {
  alley: ['小巷卡口', '小巷'],
  troubleSpot: ['治安乱点'],
  residentialGate: ['重点小区门口', '小区门口', '小区'],
  mall: ['商城'],
  market: ['市场'],
  other: ['其他'],
}
const linkNames: Record<Link, readonly string[]> = { wired: ['有线'], wireless: ['无线', '4g', '5g'] }
const crsNames: Record<Exclude<Crs, 'EPSG:3857'>, readonly string[]> = {
  'EPSG:4326': ['WGS-84', 'WGS84'],
  'GCJ-02': ['GCJ-02', 'GCJ02', '高德', '腾讯'],
  'BD-09': ['BD-09', 'BD09', '百度'],
  'EPSG:4490': ['EPSG:4490', 'CGCS2000', '国家2000'],
}
const transportNames: Record<Access['transport'], readonly string[]> = { auto: ['自动'], tcp: ['TCP'], udp: ['UDP'] }
const driverNames: Record<Access['driver'], readonly string[]> = { rtsp: ['RTSP'] }

const ofChoice = <T extends string>(names: string[], words: Record<T, readonly string[]>, options?: { isRequired: boolean }) => {
  const { allowed, read } = choice(words)
  return column(names, allowed, read, options)
}
const id = <T extends string>(names: string[], schema: { safeParse(value: string): { success: boolean; data?: T } }) =>
  column(
    names,
    '应为 1 到 40 个字母、数字、- 或 _；20 位编号请在表格软件中设为文本，不能是 3.4E+19',
    (value) => (isFormula(value) ? undefined : schema.safeParse(value).data),
    required,
  )

export const importColumns = {
  cameraId: id(['编号', 'id', '摄像机编号', '国标编码'], CameraId),
  name: text(['名称', 'name', '点位名称'], 100, required),
  label: text(['标识', 'label', '统一标识'], 60),
  address: text(['地址', 'address'], 200),
  lon: number(['经度', 'lon', 'longitude'], 73, 136, '中国境内的经度（73 到 136 度；经纬度是否写反？）', required),
  lat: number(['纬度', 'lat', 'latitude'], 3, 54, '中国境内的纬度（3 到 54 度；经纬度是否写反？）', required),
  crs: ofChoice<keyof typeof crsNames>(['坐标系', 'crs'], crsNames, required),
  headingDeg: number(['朝向', 'heading', '方位角'], 0, 360, '从正北顺时针的度数，0 到 360（不含）'),
  fovDeg: number(['视角', 'fov', '视场角'], 1, 360.000_1, '水平视角的度数，1 到 360'),
  reachM: number(['可视距离', 'reach'], 1, 2000.000_1, '米数，1 到 2000'),
  stationId: id(['派出所编号', 'station', 'stationId'], StationId),
  stationName: text(['派出所', 'stationName', '派出所名称'], 60),
  scene: ofChoice<Scene>(['场景', 'scene'], sceneNames, required),
  link: ofChoice<Link>(['接入方式', 'link', '链路'], linkNames, required),
  driver: ofChoice<Access['driver']>(['协议', 'driver'], driverNames),
  mainUrl: url(['主码流', 'mainUrl', '主码流地址'], required),
  subUrl: url(['子码流', 'subUrl', '子码流地址']),
  username: column(['用户名', 'username', '账号'], '应为最多 100 个字', (value) => (value.length > 100 || hasControlCharacter(value) ? undefined : value)),
  password: column(['密码', 'password', '口令'], '应为最多 100 个字', (value) => (value.length > 100 || hasControlCharacter(value) ? undefined : value), {
    isRequired: false,
    isSecret: true,
  }),
  transport: ofChoice<Access['transport']>(['传输', 'transport'], transportNames),
  vendor: text(['厂商', 'vendor'], 60),
  model: text(['型号', 'model'], 60),
  mountHeightM: number(['安装高度', 'mountHeight'], 0, 100.000_1, '米数，0 到 100'),
  switchName: text(['交换机', 'switch', 'switchName'], 60),
  hasSound: answer(['有声音', 'sound']),
  hasPtz: answer(['云台', 'ptz']),
  isSuspended: answer(['停用', 'suspended']),
  installedAt: day(['安装日期', 'installed']),
  lastUpkeepAt: day(['上次维护', 'lastUpkeep']),
} satisfies Record<string, ImportColumn<unknown>>

export type ColumnKey = keyof typeof importColumns
/** The cells of a row that hold something allowed. Null: the column is there and the cell is empty. */
export type RowValues = { [Key in ColumnKey]?: NonNullable<ReturnType<(typeof importColumns)[Key]['read']>> | null }
export type GivenCrs = keyof typeof crsNames
export type GivenPair = { pair: LonLat; crs: GivenCrs }

/** For `--help`. */
export function importHelp(): string {
  const lines = Object.values<ImportColumn<unknown>>(importColumns).map(
    ({ names, allowed, isRequired }) => `  ${names[0]}（${names[1]}）${isRequired ? ' *' : ''}\n      ${allowed}`,
  )
  return [
    '导入摄像机 / import of cameras: npm start -- --import-cameras 文件.csv [--dry-run]',
    '  CSV，UTF-8 或 GBK；第一行是列名；* 为新摄像机必填。没有的列保持原值；密码为空保持原密码。全部正确才导入，--dry-run 只检查。',
    '  CSV in UTF-8 or GBK, the first row names the columns, * is needed for a new camera. All or nothing; --dry-run only checks.',
    '',
    ...lines,
  ].join('\n')
}
