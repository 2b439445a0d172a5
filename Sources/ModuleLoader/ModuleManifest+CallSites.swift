package import CRMSDK

extension ModuleManifest {
    /// The same manifest, each of whose bodies notes in `sites` that its module is running. Whoever runs them need not
    /// know of it.
    ///
    /// - Throws: `limitExceeded` when there are too many sites.
    package func noted(in sites: CallSites) throws(CRMError) -> ModuleManifest {
        var noted = self
        noted.hooks = []
        for hook in hooks { noted.hooks.append(hook.noted(at: try site(hook.name, sites), sites)) }
        noted.linkHooks = []
        for hook in linkHooks {
            noted.linkHooks.append(hook.noted(at: try site(hook.name, sites), sites))
        }
        noted.actions = []
        for action in actions { noted.actions.append(action.noted(at: try site(action.name, sites), sites)) }
        noted.jobs = []
        for job in jobs { noted.jobs.append(job.noted(at: try site(job.name, sites), sites)) }
        noted.migrations = []
        for step in migrations {
            noted.migrations.append(step.noted(at: try site("migration_\(step.number)", sites), sites))
        }
        return noted
    }

    private func site(_ body: String, _ sites: CallSites) throws(CRMError) -> CallSites.Site {
        try sites.site(module: name, hook: body)
    }
}

extension Hook {
    fileprivate func noted(at site: CallSites.Site, _ sites: CallSites) -> Hook {
        Hook(name, on: entity, moments) { [body] (change, context) throws(CRMError) in
            try sites.call(site) { () throws(CRMError) in try body(&change, context) }
        }
    }
}

extension LinkHook {
    fileprivate func noted(at site: CallSites.Site, _ sites: CallSites) -> LinkHook {
        LinkHook(name, on: relation, moments) { [body] (change, context) throws(CRMError) in
            try sites.call(site) { () throws(CRMError) in try body(&change, context) }
        }
    }
}

extension Action {
    fileprivate func noted(at site: CallSites.Site, _ sites: CallSites) -> Action {
        Action(
            name, effect, summary: summary, description: description, parameters: parameters, result: result,
            requires: requires
        ) { [body] (parameters, context) throws(CRMError) in
            try sites.call(site) { () throws(CRMError) in try body(parameters, context) }
        }
    }
}

extension Job {
    fileprivate func noted(at site: CallSites.Site, _ sites: CallSites) -> Job {
        guard let records else {
            return Job(name, everySeconds: everySeconds) { [body] (context) throws(CRMError) in
                try sites.call(site) { () throws(CRMError) in try body(context) }
            }
        }
        return Job(name, everySeconds: everySeconds) { context throws(CRMError) in
            try sites.call(site) { () throws(CRMError) in try records.find(context) }
        } step: { id, context throws(CRMError) in
            try sites.call(site) { () throws(CRMError) in try records.step(id, context) }
        }
    }
}

extension Migration {
    fileprivate func noted(at site: CallSites.Site, _ sites: CallSites) -> Migration {
        Migration(number, version: version, summary) { [body] (context) throws(CRMError) in
            try sites.call(site) { () throws(CRMError) in try body(context) }
        }
    }
}
