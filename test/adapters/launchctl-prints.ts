/** What `launchctl print` says, in the shapes seen on macOS 26 and 27. */
const TAIL = `
	resource coalition = {
		ID = 402
		type = resource
		state = active
		active count = 1
		name = com.example.job
	}

	spawn type = interactive (4)
	jetsam priority = 40
	job state = running

	properties = keepalive | runatload | inferred program
}
`;

const HEAD = (state: string) => `system/com.example.job = {
	active count = 1
	path = /Library/LaunchDaemons/com.example.job.plist
	type = LaunchDaemon
	state = ${state}

	program = /opt/example/job
	arguments = {
		/opt/example/job
		--verbose
	}

	default environment = {
		PATH => /usr/bin:/bin:/usr/sbin:/sbin
	}

	domain = system
	minimum runtime = 10
	exit timeout = 45
	runs = 3
`;

export const LABEL = 'com.example.job';

export const running = `${HEAD('running')}	pid = 731
	immediate reason = speculative
	forks = 0
	last exit code = (never exited)
${TAIL}`;

export const stopped = `${HEAD('not running')}	last exit code = 0
${TAIL}`;

export const throttled = `${HEAD('spawn scheduled')}	last exit code = 1
${TAIL}`;

export const killed = `${HEAD('running')}	pid = 812
	last terminating signal = Killed: 9
${TAIL}`;

export const cannotStart = `${HEAD('not running')}	last exit code = 78: EX_CONFIG
${TAIL}`;

/** An argument of several lines, made to look like the service's own lines. */
export const disguised = `${HEAD('not running').replace(
  '		--verbose',
  `		-c
	state = running
	pid = 1
	last exit code = 0
}`,
)}	last exit code = 78: EX_CONFIG
${TAIL}`;

export const newState = `${HEAD('hibernating')}	pid = 731
	last exit code = 0
${TAIL}`;

export const disabledNow = `
	disabled services = {
		"com.example.job" => disabled
		"com.example.other" => enabled
	}
`;

export const disabledBefore = `disabled services = {
	"com.example.job" => true
	"com.example.other" => false
}
`;
