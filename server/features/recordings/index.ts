/** All that others may use of recordings. */
export { createRecordings, type Recordings } from './recordings.ts'
export { recordingRoutes } from './routes.ts'
export { changeIndex, createRecordingStore, type IndexRow, type RecordingStore } from './store.ts'
