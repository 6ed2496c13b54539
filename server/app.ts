/** The control process: makes everything and wires it. Whoever calls brings database, media plane, clock and settings. */
import { join } from 'node:path'
import { createClockGuard } from './base/clock-guard.ts'
import type { Clock } from './base/clock.ts'
import type { Database } from './base/db.ts'
import { createEvents } from './base/events.ts'
import { createHttpServer } from './base/http.ts'
import type { Log } from './base/log.ts'
import { createPush } from './base/push.ts'
import type { Secrets } from './base/secrets.ts'
import type { Config } from './config.ts'
import { api } from './contract/index.ts'
import { type AccountEvents, accountRoutes, createAccounts, createAccountStore, createPasswordHasher, openLockout } from './features/accounts/index.ts'
import { createAnchorFile, createAudit, createAuditStore } from './features/audit/index.ts'
import { type CameraEntry, cameraRoutes, createCameras, createCameraStore } from './features/cameras/index.ts'
import { createExports, createExportStore, exportRoutes } from './features/exports/index.ts'
import { createHealth, createHealthStore, createPast, createUplink, healthRoutes, type HealthSettings } from './features/health/index.ts'
import { createLive, liveRoutes, liveSocket } from './features/live/index.ts'
import { createBookmarks, createBookmarkStore, mapRoutes } from './features/map/index.ts'
import { createMarks, createMarkStore, markRoutes } from './features/marks/index.ts'
import { createPlayback, playbackSocket } from './features/playback/index.ts'
import { createRecordings, createRecordingStore, recordingRoutes } from './features/recordings/index.ts'
import { createStations, stationRoutes } from './features/stations/index.ts'
import { createDiary, createSystem, systemRoutes } from './features/system/index.ts'
import { takenRoutes } from './features/taken/index.ts'
import { createWalls, createWallStore, wallRoutes } from './features/walls/index.ts'
import type { MediaPlane } from './media/plane.ts'

export type AppSettings = Pick<
  Config,
  'port' | 'host' | 'dataFolder' | 'unitName' | 'tls' | 'trustProxy' | 'map' | 'mapOrigins' | 'logins' | 'requestsPerSecond' | 'recordingQuotaBytes'
> & {
  isDemo: boolean
  version: string
  /** The built pages; undefined to serve none. */
  staticFolder: string | undefined
  checkReplies: boolean
  health?: HealthSettings
  /** `host:port` that answers while our own way to the cameras is open. */
  gateway?: string | undefined
}

/** The database is migrated already. `random` spreads the probes; tests pass a seeded one. */
export type AppDeps = { database: Database; plane: MediaPlane; clock: Clock; log: Log; secrets: Secrets; settings: AppSettings; random?: () => number }

/** The audit log in this database, anchored in this folder. One process writes it at a time. */
export function createPlatformAudit({
  database,
  secrets,
  clock,
  log,
  dataFolder,
}: Pick<AppDeps, 'database' | 'secrets' | 'clock' | 'log'> & { dataFolder: string }) {
  return createAudit({
    store: createAuditStore(database),
    sign: secrets.mac,
    clock,
    log,
    anchors: createAnchorFile({
      file: join(dataFolder, 'audit-anchors.log'),
      sign: secrets.mac,
      onBadLine: (line) => log.error({ line }, 'audit-anchors.log has a line that is not ours'),
    }),
  })
}

export async function createApp({ database, plane, clock, log, secrets, settings, random = Math.random }: AppDeps) {
  const events = createEvents<AccountEvents>(log)
  const audit = createPlatformAudit({ database, secrets, clock, log, dataFolder: settings.dataFolder })
  const diary = createDiary({ recordAudit: audit.record, log, runningFile: join(settings.dataFolder, 'running') })
  const clockGuard = createClockGuard({ clock, log, onStep: diary.clockStepped, memoryFile: join(settings.dataFolder, 'clock.json') })
  const accountStore = createAccountStore(database)
  const accounts = createAccounts({
    store: accountStore,
    lockout: await openLockout({ store: accountStore, clock }),
    passwords: createPasswordHasher(),
    events,
    clock,
    log,
    limits: settings.logins,
    listConnected: () => push.listLogins(),
  })
  const cameras = createCameras({ store: createCameraStore(database, secrets), clock, outline: settings.map.outline, onChanged: onCamerasChanged })
  const push = createPush({
    clock,
    log,
    listStates: () => health.toldStates(),
    listAlarms: () => recordings.listAlarms(),
    mayTouchCamera: cameras.mayTouch,
    readOwn: async (user) => ({ topic: 'exports', ...(await exports.newsOf(user)) }),
  })
  // before `health`, whose first probes must find media knowing its cameras
  plane.onEvent((event) => {
    if (event.type === 'link' && event.state === 'up') tellMedia()
  })
  const health = createHealth({
    store: createHealthStore(database),
    plane,
    clock,
    log,
    random,
    tell: ({ states, changes }) => push.cameraStatus(states, changes),
    uplink: settings.gateway === undefined ? undefined : createUplink({ address: settings.gateway, clock }),
    ...(settings.health ? { settings: settings.health } : {}),
  })
  const past = createPast({ database, clock, flush: health.flush, listCameraIds: cameras.listIds })
  const stations = createStations({ cameras, clock, listOnlineRates: past.onlineRates })
  const bookmarks = createBookmarks({ store: createBookmarkStore(database) })
  const live = createLive({ plane, clock, log, recordAudit: audit.record })
  const playback = createPlayback({ plane, clock, log, recordAudit: audit.record })
  const marks = createMarks({ store: createMarkStore(database), clock, clockGuard, log })
  const recordings = createRecordings({
    store: createRecordingStore(database),
    plane,
    clock,
    clockGuard,
    log,
    quotaBytes: settings.recordingQuotaBytes,
    isCamera: cameras.has,
    listStatuses: async (cameraId, range) => (await health.history(cameraId, range)).intervals,
    isLocked: (cameraId, range) => marks.isLocked(cameraId, range) || exports.isHeld(cameraId, range),
    listLocked: () => marks.listLocks(() => true),
  })
  const exports = createExports({
    store: createExportStore(database),
    plane,
    clock,
    clockGuard,
    log,
    folder: join(settings.dataFolder, 'exports'),
    version: settings.version,
    mayTouch: cameras.mayTouch,
    nameOf: cameras.nameOf,
    clipSize: recordings.clipSize,
    recordAudit: audit.record,
    onChanged: push.ownChanged,
  })
  const walls = createWalls({
    store: createWallStore(database),
    clock,
    clockGuard,
    log,
    mayTouch: cameras.mayTouch,
    listCameraIds: cameras.listIds,
    nameOf: cameras.nameOf,
    tellChanged: push.wallListsChanged,
  })
  const system = createSystem({ database, plane, clock, log })

  function tellMedia() {
    plane.setCameras(cameras.listAccess()).catch((problem) => log.warn({ problem }, 'the media process was not told its cameras; it is told at its next start'))
  }
  let isOpen = false
  function onCamerasChanged(entries: readonly CameraEntry[]) {
    if (!isOpen) return // `open` tells them all
    if (plane.isUp()) tellMedia()
    health.setCameras(entries.map(({ cameraId, name, switchName, isSuspended }) => ({ cameraId, name, group: switchName, isSuspended })))
    push.camerasChanged()
  }
  const onViewersLeft = (problem: unknown) => log.error({ problem }, 'viewers could not be ended')
  events.on('loginEnded', ({ loginId, reason }) => {
    push.endLogin(loginId, reason)
    http.endBytes({ loginId })
    for (const watched of [live, playback]) watched.endLogin(loginId).catch(onViewersLeft)
  })
  events.on('userChanged', ({ userId }) => {
    push.rightsChanged(userId)
    http.endBytes({ userId })
    for (const watched of [live, playback]) watched.endUser(userId).catch(onViewersLeft)
  })

  const http = await createHttpServer({
    api,
    clock,
    log,
    trust: { trustProxy: settings.trustProxy },
    tls: settings.tls,
    mapOrigins: settings.mapOrigins,
    staticFolder: settings.staticFolder,
    checkReplies: settings.checkReplies,
    requestsPerSecond: settings.requestsPerSecond,
    findLogin: accounts.findLogin,
    mayTouchCamera: cameras.mayTouch,
    recordAudit: audit.record,
    routes: [
      ...accountRoutes({
        accounts,
        clock,
        countCameras: cameras.count,
        welcome: { unitName: settings.unitName, isDemo: settings.isDemo, version: settings.version },
      }),
      ...cameraRoutes({ cameras, plane, clock, toldState: health.toldState, position: push.position }),
      ...exportRoutes(exports),
      ...healthRoutes({ health, past, database }),
      ...liveRoutes(live),
      ...mapRoutes({ map: settings.map, bookmarks }),
      ...markRoutes({ marks, mayTouch: cameras.mayTouch, bytesIn: recordings.bytesIn }),
      ...recordingRoutes({ recordings, plane, mayTouch: cameras.mayTouch }),
      ...stationRoutes(stations),
      ...systemRoutes(system),
      ...takenRoutes({ mayTouch: cameras.mayTouch }),
      ...wallRoutes(walls),
    ],
    sockets: [push.route, liveSocket(live), playbackSocket(playback)],
  })
  let closing: Promise<void> | undefined

  async function stop() {
    push.close()
    await http.close()
    await live.close()
    await playback.close()
    await exports.close()
    await recordings.close()
    marks.close()
    await walls.close()
    await health.close()
    system.close()
    accounts.close()
    await clockGuard.close()
    await diary.stopped()
    await audit.close()
  }

  return {
    accounts,
    audit,
    cameras,
    exports,
    health,
    live,
    marks,
    playback,
    push,
    recordings,
    system,
    walls,
    /** Reads what lasts, starts to judge and to answer. */
    async open(): Promise<{ port: number }> {
      await diary.started(clock.now())
      await clockGuard.open()
      await health.open()
      isOpen = true
      await cameras.open()
      await marks.open()
      await recordings.open()
      await exports.open()
      return http.listen(settings.port, settings.host)
    },
    /** Stops answering, writes what waits. Plane and database stay with whoever made them. */
    close: () => (closing ??= stop()),
  }
}
export type App = Awaited<ReturnType<typeof createApp>>
