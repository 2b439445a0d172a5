import JSON
import TestKit
import Testing

@Suite("End to end: a module that traps or hangs")
struct MisbehavingModuleTests {
    @Test("it takes the kernel with it three times, then it is kept out by name, and the others serve on")
    func trap() throws {
        let platform = try TestPlatform()
        try platform.enable("sales")
        try platform.enable("\(BuildFolder.path)/libFaultyFixture.so")
        let admin = try platform.logIn()
        _ = try admin.create("faulty_probe", #"{"faulty_name":"Good","behaviour":"well"}"#)
        let acme = try admin.create("account", #"{"account_name":"Acme"}"#)
        let fleet = try admin.create(
            "potential", #"{"potential_name":"Fleet","related_to":\#(acme),"closing_date":"2026-12-01"}"#)

        for crash in 1...3 {
            let kernel = try #require(try platform.processID(of: "crm-kernel"))
            let refusal = try admin.refusal(
                of: "record.create",
                #"{"entity":"faulty_probe","values":{"faulty_name":"Bad","behaviour":"trap"}}"#)
            #expect(refusal.status == 503 && refusal.code == -32009, "crash \(crash): \(refusal)")
            try platform.waitForNewKernel(after: kernel)
        }
        let blamed = platform.logs.split(separator: "\n").filter {
            $0.contains("the crash was in module code")
        }
        #expect(blamed.count == 3)
        #expect(blamed.allSatisfy { $0.contains("module=faulty") && $0.contains("misbehave") })

        // What lay in the registers and the memory behind them is nobody's business, a log reader's least of all.
        #expect(!platform.logs.contains("Registers:"))

        // Named by everyone who is asked.
        let status = try platform.run("crm", ["status"])
        let line = status.output.split(separator: "\n").first { $0.contains("faulty, ") }
        #expect(line?.contains("crashed 3 times in ten minutes") == true, "\(status)")
        let modules = try admin.call("module.list").array("modules")
        let faulty = try #require(modules.first { $0["name"]?.string == "faulty" })
        #expect(faulty["state"]?.string == "failed")
        #expect(faulty["problem"]?.string?.contains("crashed") == true, "\(faulty.text)")

        // The others serve.
        #expect(try admin.call("record.get", #"{"id":\#(fleet)}"#)["potential_name"]?.string == "Fleet")
        #expect(try admin.refusal(of: "record.list", #"{"entity":"faulty_probe"}"#).code == -32602)
        #expect(try admin.call("log.verify")["intact"]?.bool == true)

        // It stays out over a restart.
        try platform.restart()
        let later = try platform.logIn()
        #expect(try later.refusal(of: "record.list", #"{"entity":"faulty_probe"}"#).code == -32602)
        #expect(try later.count("potential") == 1)

        // Enabled again it has another chance, over a restart too.
        try platform.enable("\(BuildFolder.path)/libFaultyFixture.so")
        #expect(try later.count("faulty_probe") == 1)
        try platform.restart()
        #expect(try platform.logIn().count("faulty_probe") == 1)
        #expect(try !platform.run("crm", ["status"]).output.contains("crashed 3 times"))
    }

    @Test("a hook that never returns is ended with the kernel, and named")
    func hang() throws {
        let platform = try TestPlatform()
        try platform.enable("\(BuildFolder.path)/libFaultyFixture.so")
        let admin = try platform.logIn()
        let kernel = try #require(try platform.processID(of: "crm-kernel"))
        let refusal = try admin.refusal(
            of: "record.create",
            #"{"entity":"faulty_probe","values":{"faulty_name":"Bad","behaviour":"hang"}}"#)
        #expect(refusal.status == 503 && refusal.code == -32009, "\(refusal)")
        try platform.waitForNewKernel(after: kernel)
        #expect(platform.logs.contains("the kernel is killed: a hook did not return"))
        let status = try platform.run("crm", ["status"])
        #expect(status.output.contains("restarted once"), "\(status)")
        // Once is no habit: the module is still there.
        #expect(try admin.create("faulty_probe", #"{"faulty_name":"Good"}"#) > 0)
        #expect(try admin.count("faulty_probe") == 1)
    }
}
