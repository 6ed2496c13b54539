/** The register of cameras and stations: who may see which, and the news when it changes. */
import type { Clock } from '../../base/clock.ts'
import { assert } from '../../base/errors.ts'
import type { User } from '../../base/routes.ts'
import type { CameraMove, Dossier, PlaceCamera } from '../../contract/cameras.ts'
import type { Station } from '../../contract/stations.ts'
import type { CameraId, LonLat, StationId } from '../../contract/ids.ts'
import type { CameraAccess } from '../../media/plane.ts'
import { type CameraDraft, toCameraAccess } from './draft.ts'
import { type ImportReport, planImport } from './import.ts'
import { refuseFarOutside, viewOf } from './place.ts'
import type { Area, CameraEntry, CameraPlace, CameraStore, StationShape } from './store.ts'

const MAX_MOVES_LISTED = 100

export type CameraDeps = {
  store: CameraStore
  clock: Clock
  /** Of the district; null: not known. */
  outline: readonly LonLat[] | null
  /** The register changed: media, health and the pages must know. */
  onChanged(entries: readonly CameraEntry[]): void | Promise<void>
}

export function createCameras({ store, clock, outline, onChanged }: CameraDeps) {
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
    listIds: ({ stationIds }: Pick<User, 'stationIds'>): CameraId[] =>
      [...entries.values()].filter(({ stationId }) => isInArea(stationIds, stationId)).map(({ cameraId }) => cameraId),
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
    /** Every camera as it was put in, its access in the clear: for this process only. */
    listDrafts: (): Promise<CameraDraft[]> => store.listDrafts(),
    getDossier: (cameraId: CameraId): Promise<Dossier> => store.getDossier(cameraId),
    /** Where a camera stands and looks, as somebody sets it on the map. The old place and the reason are kept. */
    async place(cameraId: CameraId, wanted: PlaceCamera, { account }: Pick<User, 'account'>): Promise<CameraMove> {
      refuseFarOutside(wanted.lonLat, outline)
      const move = await store.moveCamera({ cameraId, at: clock.now(), by: account, reason: wanted.reason, to: viewOf(wanted) })
      await reload()
      return move
    },
    /** Newest first. */
    listMoves: (cameraId: CameraId): Promise<CameraMove[]> => store.listMoves(cameraId, MAX_MOVES_LISTED),
    /** Jurisdictions of stations that are there, all or none; the pages draw them anew. */
    async setShapes(shapes: readonly StationShape[]): Promise<void> {
      await store.setShapes(shapes)
      await reload()
    },
    putStations: (stations: readonly Station[]): Promise<void> => store.put({ stations }, clock.now()),
    /** Puts cameras in or replaces them, all or none. Their stations must be there. */
    async putCameras(drafts: readonly CameraDraft[]): Promise<void> {
      if (drafts.length === 0) return
      assert(new Set(drafts.map(({ cameraId }) => cameraId)).size === drafts.length, 'a camera is put in once at a time')
      await store.put({ cameras: drafts }, clock.now())
      await reload()
    },
    /** A table of cameras (CSV): all of it is put in, or, with a bad cell anywhere or `isDryRun`, nothing. The name of the file is the reason of every move in it. */
    async importTable(bytes: Uint8Array, { isDryRun, by, fileName }: { isDryRun: boolean; by: string; fileName: string }): Promise<ImportReport> {
      const [known, stations] = [await store.listDrafts(), await store.listStations(null)]
      const { report, ...plan } = planImport(bytes, { cameras: known, stations, outline })
      if (isDryRun || report.problems.length > 0 || plan.drafts.length + plan.stations.length === 0) return report
      await store.put({ stations: plan.stations, cameras: plan.drafts, moved: { by, reason: fileName } }, clock.now())
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
