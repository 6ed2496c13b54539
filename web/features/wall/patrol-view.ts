/** The patrol log as it is looked at, in the wall's dialog and on its page: the newest of what the filter lets through, and the address of all of it as a table. */
import { computed, shallowRef, watch } from 'vue'
import { type PatrolEntry, wallApi } from '../../../server/contract/walls.ts'
import { ApiError, call, urlOf } from '../../base/api.ts'
import { describeError } from '../../base/describe-error.ts'
import { useI18n } from '../../base/i18n.ts'
import { type PatrolFilter, patrolRange } from './patrol-query.ts'

/** Shown at once; the table has all of them. */
const limit = 2_000

export type PatrolView = ReturnType<typeof usePatrolView>

/** `flush`: what was noted here goes to the server first. */
export function usePatrolView(filter: () => PatrolFilter, flush: () => Promise<void> = () => Promise.resolve()) {
  const { t, locale } = useI18n()
  const entries = shallowRef<readonly PatrolEntry[] | null>(null)
  const isCut = shallowRef(false)
  const rotations = shallowRef<readonly { rotationId: string; name: string }[]>([])
  const problem = shallowRef('')
  const isReading = shallowRef(false)
  let turn = 0

  const asked = computed(() => {
    const { rotationId, cameraId } = filter()
    const range = patrolRange(filter())
    return range && { ...range, ...(rotationId !== null && { rotationId }), ...(cameraId !== null && { cameraId }) }
  })
  watch(() => JSON.stringify(asked.value), load, { immediate: true })

  return {
    entries,
    isCut,
    rotations,
    problem,
    isReading,
    limit,
    load,
    /** The server makes it while it is saved, however long it is; null when there is nothing to save. */
    tableUrl: computed(() =>
      asked.value && (entries.value?.length ?? 0) > 0 ? urlOf(wallApi.patrolTable.path, {}, { ...asked.value, locale: locale.value }) : null,
    ),
  }

  async function load() {
    const query = asked.value
    const mine = ++turn
    isReading.value = query !== null
    if (!query) return void (problem.value = t('wall.patrol.badRange'))
    problem.value = ''
    try {
      await flush()
      const got = await call(wallApi.patrols, { query: { ...query, limit } })
      if (mine !== turn) return
      entries.value = got.entries
      isCut.value = got.isCut
      rotations.value = got.rotations
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (mine === turn) problem.value = t('wall.notRead', { why: describeError(error) })
    } finally {
      if (mine === turn) isReading.value = false
    }
  }
}
