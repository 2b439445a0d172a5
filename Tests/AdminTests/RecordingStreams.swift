import Admin

/// Standard streams that remember what was written, and answer questions from a list.
final class RecordingStreams: ConsoleStreams {
    var output = ""
    var errors = ""
    var answers: [String] = []
    var questions: [String] = []
    var isOutputTerminal = false
    var isErrorTerminal = false
    var isInteractive = false
    var width = 80
    var interrupts = 0

    func write(_ text: String) { output += text }
    func writeError(_ text: String) { errors += text }

    func ask(_ question: String, isSecret: Bool) throws(AdminError) -> String {
        questions.append(question)
        guard !answers.isEmpty else { throw .interrupted }
        return answers.removeFirst()
    }

    func takeInterrupt() -> Bool {
        defer { interrupts = max(interrupts - 1, 0) }
        return interrupts > 0
    }
}
