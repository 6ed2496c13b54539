/** All that others may use of cameras. */
export { type Cameras, createCameras } from './cameras.ts'
export { type Access, type CameraDraft } from './draft.ts'
export { type ImportReport } from './import.ts'
export { importHelp } from './import-columns.ts'
export { type ShiftWarning } from './shift.ts'
export { cameraRoutes } from './routes.ts'
export { type CameraEntry, type CameraPlace, createCameraStore, type StationShape } from './store.ts'
