import { defineConfig } from '@playwright/test'
import base from './playwright.config'

/** Pictures of every screen into .yutu/screenshots, not tests; a picture that cannot be taken still fails. */
export default defineConfig({ ...base, testMatch: 'screenshots.shots.ts', timeout: 120_000 })
