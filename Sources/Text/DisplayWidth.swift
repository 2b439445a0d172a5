/// How many cells of a terminal a text takes, for aligning the columns of a table.
///
/// Counted per character as people see it: East Asian wide forms and emoji take two cells, combining marks and
/// invisible controls none (after Unicode Standard Annex #11). Terminals differ on rare characters.
package func displayWidth(_ text: String) -> Int {
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text.utf8.count }
    return text.reduce(0) { $0 + cells(of: $1) }
}

private func cells(of character: Character) -> Int {
    let scalars = character.unicodeScalars
    // U+FE0F asks for the coloured form of a character that is otherwise text.
    if scalars.contains("\u{FE0F}") { return 2 }
    return scalars.reduce(0) { max($0, cells(of: $1)) }
}

private func cells(of scalar: Unicode.Scalar) -> Int {
    let properties = scalar.properties
    switch properties.generalCategory {
    case .control, .format, .nonspacingMark, .enclosingMark, .lineSeparator, .paragraphSeparator: return 0
    default: break
    }
    if properties.isEmojiPresentation { return 2 }
    switch scalar.value {
    case 0x1160...0x11FF: return 0  // jamo drawn into the syllable that their lead began
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F,
        0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6,
        0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
        return 2
    default: return 1
    }
}
