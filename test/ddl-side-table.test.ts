import { testDdl } from './harness/ddl.ts';

testDdl('side-table');
