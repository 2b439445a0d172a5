import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Sales: manifest")
struct SalesConformanceTests {
    @Test("the module passes the checks that every module passes")
    func conforms() {
//        #expect(Conformance.problems(of: SalesModule.self) == [])
    }
}
