/** Asks the server to probe a camera now. */
import { ref, shallowRef, watch } from 'vue'
import type { CameraId } from '../../../server/contract/ids.ts'
import { type CameraState, statusApi } from '../../../server/contract/status.ts'
import { call } from '../../base/api.ts'

export function useProbe(cameraId: () => CameraId) {
  const isProbing = ref(false)
  const problem = shallowRef<unknown>(null)
  watch(cameraId, () => (problem.value = null))

  /** The state after it; undefined when it failed (`problem`) or another camera was chosen meanwhile. */
  async function probe(): Promise<CameraState | undefined> {
    const asked = cameraId()
    isProbing.value = true
    problem.value = null
    try {
      const state = await call(statusApi.probe, { params: { cameraId: asked }, timeoutMs: 30_000 })
      return asked === cameraId() ? state : undefined
    } catch (error) {
      if (asked === cameraId()) problem.value = error
      return undefined
    } finally {
      isProbing.value = false
    }
  }

  return { probe, isProbing, problem }
}
