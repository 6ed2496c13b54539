/** What of downloads somebody should look at: those that wait for one's decision, and one's own that became ready since one looked last at this screen. */
import { computed } from 'vue'
import { Instant } from '../../../server/contract/ids.ts'
import { usePreference } from '../../base/preference.ts'
import { useCameraStore } from '../cameras/store.ts'

/** When the newest of one's own that was seen in the list became ready. */
const looked = usePreference<Instant>(
  'exportsLookedAt',
  () => 0,
  (kept) => Instant.safeParse(kept).success,
  { isPersonal: true },
)

export function useExportNews() {
  const cameras = useCameraStore()
  return {
    told: computed(() => cameras.exportNews),
    toDecide: computed(() => cameras.exportNews.toDecide),
    ready: computed(() => cameras.exportNews.readyAts.filter((at) => at > looked.value.value).length),
    lookedAt: (): Instant => looked.value.value,
    /** The list is before one's eyes. */
    look() {
      const [newestAt] = cameras.exportNews.readyAts
      if (newestAt !== undefined && newestAt > looked.value.value) looked.set(newestAt)
    },
  }
}
