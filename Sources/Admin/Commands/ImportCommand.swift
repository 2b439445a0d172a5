enum ImportCommand { static let all: [Command] = [] }
