import { setFlagsFromString } from 'node:v8';

// To be imported before anything else: what the heap has grown to while modules load it keeps.

// The output of tasks passes through as short-lived strings. Measured with 128 MB of it: the process grows by 13 MB
// instead of 60, at the same speed.
setFlagsFromString('--semi-space-growth-factor=1');
// Measured after 2,400 tasks: the process holds 110 MB instead of 185, at the same speed.
setFlagsFromString('--optimize-for-size');
