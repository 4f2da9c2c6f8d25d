import { testDdl } from './harness/ddl.ts';

testDdl('column');
