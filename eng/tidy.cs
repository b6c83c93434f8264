#!/usr/bin/env -S dotnet run
#:project Tidy/Sluice.Tidy.csproj
#:property PublishAot=false
#:property RestorePackagesWithLockFile=false
#:property RestoreLockedMode=false

// The house rules, checked: `dotnet run eng/tidy.cs [ROOT]`. Exit 0 when clean, 1 with one line per fault.
using Sluice.Tidy;

var root = args.Length > 0 ? args[0] : RepositoryRoot.Find(Directory.GetCurrentDirectory());
var faults = HouseRules.Check(root);
foreach (var fault in faults)
    Console.WriteLine(fault);
Console.WriteLine(faults.Count == 0 ? "tidy: clean" : $"tidy: {faults.Count} faults");
return faults.Count == 0 ? 0 : 1;
