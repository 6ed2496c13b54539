/** All that others may use of cameras. */
export { type Cameras, createCameras } from './cameras.ts'
export { type Access, type CameraDraft } from './draft.ts'
export { type ImportReport } from './import.ts'
export { importHelp } from './import-columns.ts'
export { cameraRoutes } from './routes.ts'
export { type CameraEntry, createCameraStore } from './store.ts'
