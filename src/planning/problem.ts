/** Why no plan can be made of what the host is like: nothing of the task runs. */
export class PlanProblem extends Error {
  /** The blocker's code. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
