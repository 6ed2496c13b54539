/** The register of cameras and stations: who may see which, and the news when it changes. */
import type { Clock } from '../../base/clock.ts'
import { assert } from '../../base/errors.ts'
import type { User } from '../../base/routes.ts'
import type { Dossier } from '../../contract/cameras.ts'
import type { Station } from '../../contract/stations.ts'
import type { CameraId, StationId } from '../../contract/ids.ts'
import type { CameraAccess } from '../../media/plane.ts'
import { type CameraDraft, toCameraAccess } from './draft.ts'
import { type ImportReport, planImport } from './import.ts'
import type { Area, CameraEntry, CameraPlace, CameraStore } from './store.ts'

export type CameraDeps = {
  store: CameraStore
  clock: Clock
  /** The register changed: media, health and the pages must know. */
  onChanged(entries: readonly CameraEntry[]): void | Promise<void>
}

export function createCameras({ store, clock, onChanged }: CameraDeps) {
  let entries: ReadonlyMap<CameraId, CameraEntry> = new Map()
  /** Answers of `listPlaces`, by area, until the register changes: the list is asked for by every page at every start. */
  const placesByArea = new Map<string, Promise<CameraPlace[]>>()

  async function reload() {
    entries = new Map((await store.listEntries()).map((entry) => [entry.cameraId, entry]))
    placesByArea.clear()
    await onChanged([...entries.values()])
  }

  const isInArea = (area: Area, stationId: StationId) => area === null || area.includes(stationId)

  return {
    /** Reads the register; to be called before anything else. */
    open: reload,
    count: () => entries.size,
    has: (cameraId: CameraId) => entries.has(cameraId),
    /** Its id when there is no such camera (any more). */
    nameOf: (cameraId: CameraId): string => entries.get(cameraId)?.name ?? cameraId,
    listEntries: () => [...entries.values()],
    /** What media must know of all cameras. */
    listAccess: (): CameraAccess[] => [...entries.values()].map(({ cameraId, access }) => toCameraAccess(cameraId, access)),
    /** The area rule, for the gate: true for a camera that exists and stands in the user's area. */
    mayTouch(user: Pick<User, 'stationIds'>, cameraId: CameraId): boolean {
      const entry = entries.get(cameraId)
      return entry !== undefined && isInArea(user.stationIds, entry.stationId)
    },
    listPlaces(user: Pick<User, 'stationIds'>): Promise<CameraPlace[]> {
      const key = user.stationIds === null ? '*' : [...user.stationIds].sort().join()
      let places = placesByArea.get(key)
      if (!places) {
        places = store.listPlaces(user.stationIds)
        placesByArea.set(key, places)
        places.catch(() => placesByArea.delete(key))
      }
      return places
    },
    listStations: (user: Pick<User, 'stationIds'>): Promise<Station[]> => store.listStations(user.stationIds),
    getDossier: (cameraId: CameraId): Promise<Dossier> => store.getDossier(cameraId),
    putStations: (stations: readonly Station[]): Promise<void> => store.put({ stations }, clock.now()),
    /** Puts cameras in or replaces them, all or none. Their stations must be there. */
    async putCameras(drafts: readonly CameraDraft[]): Promise<void> {
      if (drafts.length === 0) return
      assert(new Set(drafts.map(({ cameraId }) => cameraId)).size === drafts.length, 'a camera is put in once at a time')
      await store.put({ cameras: drafts }, clock.now())
      await reload()
    },
    /** A table of cameras (CSV): all of it is put in, or, with a bad cell anywhere or `isDryRun`, nothing. */
    async importTable(bytes: Uint8Array, { isDryRun }: { isDryRun: boolean }): Promise<ImportReport> {
      const [known, stations] = [await store.listDrafts(), await store.listStations(null)]
      const { report, ...plan } = planImport(bytes, { cameras: known, stations })
      if (isDryRun || report.problems.length > 0 || plan.drafts.length + plan.stations.length === 0) return report
      await store.put({ stations: plan.stations, cameras: plan.drafts }, clock.now())
      await reload()
      return report
    },
    async removeCameras(cameraIds: readonly CameraId[]): Promise<void> {
      await store.removeCameras(cameraIds)
      await reload()
    },
  }
}
export type Cameras = ReturnType<typeof createCameras>
