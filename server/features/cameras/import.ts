/** Reads a table of cameras against what is registered: what would change, or every cell that cannot be used. Changes nothing itself. */
import { isDeepStrictEqual } from 'node:util'
import { toWgs84 } from '../../base/crs.ts'
import { distanceM } from '../../base/geometry.ts'
import type { Station } from '../../contract/stations.ts'
import type { CameraId, LonLat, StationId } from '../../contract/ids.ts'
import type { CameraDraft } from './draft.ts'
import { type CsvRow, decodeTable, parseCsv } from './csv.ts'
import { type ColumnKey, type GivenCrs, type ImportColumn, importColumns, type RowValues } from './import-columns.ts'
import { findShifts, type GivenPlace, type ShiftWarning } from './shift.ts'

/** One cell that cannot be used. `row` as the spreadsheet shows it; `value` is `***` where it may hold a password, or a part of one. */
export type ImportProblem = { row: number; column: string; value: string; problem: string }

export type ImportReport = {
  rows: number
  added: number
  changed: number
  unchanged: number
  /** Registered cameras the table does not name; they stay as they are. */
  untouched: number
  stationsAdded: string[]
  stationsRenamed: string[]
  /** Cameras that stand somewhere else now. */
  moved: { cameraId: string; metres: number }[]
  /** The places look as if they were in another system than the table says. They are imported all the same. */
  shifts: ShiftWarning[]
  /** Empty, or nothing is imported. */
  problems: ImportProblem[]
}

export type ImportPlan = { report: ImportReport; drafts: CameraDraft[]; stations: Station[] }

const MAX_BYTES = 8 * 1024 * 1024
const MAX_ROWS = 20_000
const LONGEST_SHOWN = 60

const columns = Object.entries<ImportColumn<unknown>>(importColumns) as [ColumnKey, ImportColumn<unknown>][]
const normal = (name: string) => name.replaceAll(/[\s_*]/g, '').toLowerCase()
const keyByName = new Map(columns.flatMap(([key, { names }]) => [key, ...names].map((name) => [normal(name), key])))

/** What is there already. `outline` of the district; null: not known. */
export type Registered = { cameras: readonly CameraDraft[]; stations: readonly Station[]; outline: readonly LonLat[] | null }

export function planImport(bytes: Uint8Array, registered: Registered): ImportPlan {
  const problems: ImportProblem[] = []
  const say = (row: number, column: string, value: string, problem: string) =>
    problems.push({ row, column, value: value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value, problem })
  const empty = {
    rows: 0,
    added: 0,
    changed: 0,
    unchanged: 0,
    untouched: registered.cameras.length,
    stationsAdded: [],
    stationsRenamed: [],
    moved: [],
    shifts: [],
    problems,
  }
  if (bytes.length > MAX_BYTES) {
    say(1, '文件', `${bytes.length} 字节`, `最大 ${MAX_BYTES} 字节`)
    return { report: empty, drafts: [], stations: [] }
  }
  const [heading, ...rows] = parseCsv(decodeTable(bytes))
  const keys = readHeading(heading, say)
  if (rows.length === 0) say(2, '文件', '', '没有数据行')
  if (rows.length > MAX_ROWS) say(MAX_ROWS + 2, '文件', `${rows.length} 行`, `最多 ${MAX_ROWS} 行`)
  if (problems.length > 0) return { report: empty, drafts: [], stations: [] }

  // a comma in a password that was not quoted moves its second half to the right: no value from there on is shown
  const firstSecret = keys.findIndex((key) => importColumns[key].isSecret)
  const isShown = (key: ColumnKey) => firstSecret < 0 || keys.indexOf(key) < firstSecret
  const sayCell: SayCell = (row, key, value, problem) => say(row, importColumns[key].names[0]!, value === '' || isShown(key) ? value : '***', problem)
  const known = new Map(registered.cameras.map((camera) => [camera.cameraId, camera]))
  const nameBefore = new Map(registered.stations.map(({ stationId, name }) => [stationId, name]))
  const stationNames = createStationNames(nameBefore, sayCell)
  let firstNew: number | undefined
  const firstRowOf = new Map<string, number>()
  const drafts: CameraDraft[] = []
  const given: GivenPlace[] = []
  for (const { row, cells } of rows) {
    const before = problems.length
    const sayHere = (key: ColumnKey, value: string, problem: string) => sayCell(row, key, value, problem)
    const values = readCells(keys, cells, sayHere)
    if (!values.cameraId) continue
    refuseTwice(`编号 ${values.cameraId}`, () => sayHere('cameraId', values.cameraId!, `与第 ${firstRowOf.get(`编号 ${values.cameraId}`)} 行重复`))
    const existing = known.get(values.cameraId)
    if (!existing) firstNew ??= row
    stationNames.add(row, values, existing)
    const draft = toDraft(values, existing, sayHere)
    if (problems.length > before || !draft) continue
    refuseTwice(`地址 ${draft.access.mainUrl}`, () =>
      sayHere('mainUrl', draft.access.mainUrl, `与第 ${firstRowOf.get(`地址 ${draft.access.mainUrl}`)} 行的主码流相同`),
    )
    drafts.push(draft)
    if (values.lon && values.lat && values.crs)
      given.push({ cameraId: draft.cameraId, stationId: draft.stationId, pair: [values.lon, values.lat], crs: values.crs })

    function refuseTwice(what: string, complain: () => void) {
      if (firstRowOf.has(what)) complain()
      else firstRowOf.set(what, row)
    }
  }
  if (firstNew !== undefined) {
    for (const [key, { isRequired, names }] of columns) {
      if (isRequired && !keys.includes(key)) say(heading!.row, names[0]!, '', `缺少此列：第 ${firstNew} 行是新摄像机`)
    }
  }
  refuseTakenUrls(drafts, registered.cameras, (draft, other) =>
    sayCell(firstRowOf.get(`编号 ${draft.cameraId}`)!, 'mainUrl', draft.access.mainUrl, `与已有摄像机 ${other} 的主码流相同`),
  )

  const changedDrafts = drafts.filter((draft) => !isDeepStrictEqual(draft, known.get(draft.cameraId)))
  const added = changedDrafts.filter(({ cameraId }) => !known.has(cameraId)).length
  const stations = stationNames.changed(drafts, registered.stations)
  problems.sort((a, b) => a.row - b.row)
  return {
    drafts: changedDrafts,
    stations,
    report: {
      rows: rows.length,
      added,
      changed: changedDrafts.length - added,
      unchanged: drafts.length - changedDrafts.length,
      untouched: registered.cameras.length - drafts.filter(({ cameraId }) => known.has(cameraId)).length,
      stationsAdded: stations.filter(({ stationId }) => !nameBefore.has(stationId)).map(({ name }) => name),
      stationsRenamed: stations.filter(({ stationId }) => nameBefore.has(stationId)).map(({ stationId, name }) => `${nameBefore.get(stationId)} → ${name}`),
      moved: changedDrafts.flatMap((draft) => {
        const before = known.get(draft.cameraId)
        const metres = before ? Math.round(distanceM(before.lonLat, draft.lonLat)) : 0
        return metres > 0 ? [{ cameraId: draft.cameraId, metres }] : []
      }),
      shifts: findShifts(given, { placeOf: new Map(registered.cameras.map(({ cameraId, lonLat }) => [cameraId, lonLat])), ...registered }),
      problems,
    },
  }
}

type Say = (row: number, column: string, value: string, problem: string) => void
type SayCell = (row: number, key: ColumnKey, value: string, problem: string) => void
type SayHere = (key: ColumnKey, value: string, problem: string) => void

/** Which column each cell belongs to. An unknown heading is refused: a misspelt one would lose its values without a word. */
function readHeading(heading: CsvRow | undefined, say: Say): ColumnKey[] {
  if (!heading) {
    say(1, '文件', '', '文件是空的')
    return []
  }
  const seen = new Set<ColumnKey>()
  // a table without headings begins with a camera, its password among the cells
  const isHeading = heading.cells.some((name) => keyByName.has(normal(name)))
  const keys = heading.cells.map((name, i) => {
    const key = keyByName.get(normal(name))
    if (!key) say(heading.row, `第 ${i + 1} 列`, isHeading ? name : '***', `不认识的列名。可用：${columns.map(([, { names }]) => names[0]).join('、')}`)
    else if (seen.has(key)) say(heading.row, `第 ${i + 1} 列`, name, '此列出现两次')
    else seen.add(key)
    return key!
  })
  if (!seen.has('cameraId')) say(heading.row, importColumns.cameraId.names[0]!, '', '缺少此列')
  const place = ['lon', 'lat', 'crs'] as const
  const missing = place.filter((key) => !seen.has(key))
  if (missing.length > 0 && missing.length < place.length) {
    for (const key of missing) say(heading.row, importColumns[key].names[0]!, '', '缺少此列：经度、纬度、坐标系要一起给')
  }
  return keys
}

function readCells(keys: readonly ColumnKey[], cells: readonly string[], say: SayHere): RowValues {
  const values: Record<string, unknown> = {}
  keys.forEach((key, i) => {
    const { isRequired, allowed, read } = importColumns[key] as ImportColumn<unknown>
    const cell = cells[i] ?? ''
    if (cell === '') {
      if (isRequired) say(key, '', `不能为空。${allowed}`)
      else values[key] = null
      return
    }
    const value = read(cell)
    if (value === undefined) say(key, cell, allowed)
    else values[key] = value
  })
  // even an empty one more: the cells may have moved by one, half a password among them
  if (cells.length > keys.length) say(keys.at(-1)!, '', '这一行的格子比列名多：是否有没加引号的逗号？')
  return values as RowValues
}

const defaults = {
  label: '',
  address: '',
  reachM: 50,
  hasSound: false,
  hasPtz: false,
  vendor: '',
  model: '',
  mountHeightM: null,
  switchName: null,
  installedAt: null,
  lastUpkeepAt: null,
  isSuspended: false,
}
const accessDefaults = { driver: 'rtsp', subUrl: null, username: '', password: '', transport: 'auto' } as const

/** What the camera is after the import. Undefined when what was said already keeps it from being one. */
function toDraft(values: RowValues, existing: CameraDraft | undefined, say: SayHere): CameraDraft | undefined {
  const given = <T>(key: ColumnKey, kept: T | undefined, ifEmpty: T): T =>
    values[key] === undefined ? (kept ?? ifEmpty) : ((values[key] as T | null) ?? ifEmpty)
  const place =
    values.lon && values.lat && values.crs
      ? placeOf([values.lon, values.lat], values.crs)
      : existing && { lonLat: existing.lonLat, original: existing.original }
  const access = toAccess(values, existing, say)
  const [name, stationId, scene, link] = [
    values.name ?? existing?.name,
    values.stationId ?? existing?.stationId,
    values.scene ?? existing?.scene,
    values.link ?? existing?.link,
  ]
  if (!place || !access || !name || !stationId || !scene || !link) return undefined
  return {
    cameraId: values.cameraId!,
    name,
    label: given('label', existing?.label, defaults.label),
    address: given('address', existing?.address, defaults.address),
    stationId,
    ...place,
    headingDeg: given('headingDeg', existing?.headingDeg, 0),
    // who does not know where it looks draws a circle, not a wrong sector
    fovDeg: given('fovDeg', existing?.fovDeg, values.headingDeg == null ? 360 : 60),
    reachM: given('reachM', existing?.reachM, defaults.reachM),
    scene,
    link,
    hasSound: given('hasSound', existing?.hasSound, defaults.hasSound),
    hasPtz: given('hasPtz', existing?.hasPtz, defaults.hasPtz),
    vendor: given('vendor', existing?.vendor, defaults.vendor),
    model: given('model', existing?.model, defaults.model),
    mountHeightM: given<number | null>('mountHeightM', existing?.mountHeightM, defaults.mountHeightM),
    switchName: given<string | null>('switchName', existing?.switchName, defaults.switchName),
    installedAt: given<number | null>('installedAt', existing?.installedAt, defaults.installedAt),
    lastUpkeepAt: given<number | null>('lastUpkeepAt', existing?.lastUpkeepAt, defaults.lastUpkeepAt),
    isSuspended: given('isSuspended', existing?.isSuspended, defaults.isSuspended),
    access,
  }
}

function toAccess(values: RowValues, existing: CameraDraft | undefined, say: SayHere): CameraDraft['access'] | undefined {
  const { mainUrl: main, subUrl: sub } = values
  const mainUrl = main?.url ?? existing?.access.mainUrl
  if (mainUrl === undefined) return undefined
  const logins = [main, sub].filter((pasted) => pasted != null && (pasted.username !== '' || pasted.password !== ''))
  const login = logins[0]
  for (const other of [...logins, { username: values.username, password: values.password }]) {
    if (!login || !other) continue
    if ((other.username ?? login.username) !== login.username || (other.password ?? login.password) !== login.password) {
      say('mainUrl', mainUrl, '地址里的用户名、密码与另一处填写的不一致')
      return undefined
    }
  }
  const kept = existing?.access ?? accessDefaults
  const username = login?.username ?? (values.username === undefined ? kept.username : (values.username ?? ''))
  return {
    driver: values.driver ?? kept.driver,
    mainUrl,
    subUrl: values.subUrl === undefined ? kept.subUrl : (sub?.url ?? null),
    username,
    // a list that was exported without passwords can be imported again: an empty cell keeps the password of the same user
    password: login?.password ?? values.password ?? (username === kept.username ? kept.password : ''),
    transport: values.transport ?? kept.transport,
  }
}

const placeOf = (pair: LonLat, crs: GivenCrs): Pick<CameraDraft, 'lonLat' | 'original'> => ({ lonLat: toWgs84(pair, crs), original: { pair, crs } })

function refuseTakenUrls(drafts: readonly CameraDraft[], registered: readonly CameraDraft[], complain: (draft: CameraDraft, other: CameraId) => void) {
  const inTable = new Set(drafts.map(({ cameraId }) => cameraId))
  const takenBy = new Map(registered.filter(({ cameraId }) => !inTable.has(cameraId)).map(({ cameraId, access }) => [access.mainUrl, cameraId]))
  for (const draft of drafts) {
    const other = takenBy.get(draft.access.mainUrl)
    if (other !== undefined) complain(draft, other)
  }
}

/** The names the table gives its stations: the same name for the same number everywhere. */
function createStationNames(registered: ReadonlyMap<StationId, string>, say: SayCell) {
  const given = new Map<StationId, { name: string; row: number }>()
  /** Stations named by their number only, with the first row that does so. */
  const nameless = new Map<StationId, number>()
  return {
    add(row: number, { stationId, stationName }: RowValues, existing: CameraDraft | undefined) {
      const id = stationId ?? existing?.stationId
      if (!id) return
      if (!stationName) return void nameless.set(id, nameless.get(id) ?? row)
      const first = given.get(id)
      if (first && first.name !== stationName) say(row, 'stationName', stationName, `第 ${first.row} 行把 ${id} 叫作 ${first.name}`)
      else if (!first) given.set(id, { name: stationName, row })
    },
    /** New stations, labelled in the middle of their cameras, and renamed ones. */
    changed(drafts: readonly CameraDraft[], stations: readonly Station[]): Station[] {
      for (const [id, row] of nameless) {
        if (!registered.has(id) && !given.has(id)) say(row, 'stationId', id, '没有这个派出所；新派出所还要给出名称')
      }
      const known = new Map(stations.map((station) => [station.stationId, station]))
      return [...given].flatMap(([stationId, { name }]): Station[] => {
        const station = known.get(stationId)
        if (station?.name === name) return []
        const shortName = name.replace(/派出所$/, '所')
        if (station) return [{ ...station, name, shortName }]
        const places = drafts.filter((draft) => draft.stationId === stationId).map(({ lonLat }) => lonLat)
        if (places.length === 0) return []
        const meanOf = (axis: 0 | 1) => Number((places.reduce((sum, place) => sum + place[axis], 0) / places.length).toFixed(7))
        return [{ stationId, name, shortName, jurisdiction: null, labelLonLat: [meanOf(0), meanOf(1)] }]
      })
    },
  }
}
