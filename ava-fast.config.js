import config from './ava.config.js';
import { filesOf } from './test/lanes.ts';

export default { ...config, files: filesOf('fast') };
