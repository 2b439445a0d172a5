// BundledModules
