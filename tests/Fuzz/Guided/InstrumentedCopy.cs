using System.Reflection;
using System.Runtime.Loader;
using SharpFuzz;
using Sluice.Testing;

namespace Sluice.Fuzz.Guided;

/// <summary>
/// Copies of assemblies, with traces of their branches put in by SharpFuzz and loaded beside the originals, and one of this assembly, which
/// is not traced: what a class of it calls is. Only types of other assemblies can be handed between the originals and the copies.
/// </summary>
internal sealed class InstrumentedCopy : AssemblyLoadContext, IDisposable
{
    private static readonly Assembly s_own = typeof(InstrumentedCopy).Assembly;
    private readonly TemporaryFolder _folder = new();

    public InstrumentedCopy(params Assembly[] traced)
        : base("instrumented")
    {
        foreach (var assembly in traced) Fuzzer.Instrument(Copy(assembly), _ => true, Options.Value).ShouldNotBeEmpty();
        Copy(s_own);
    }

    /// <summary>The copy of a type.</summary>
    public Type CopyOf(Type type) => LoadFromAssemblyName(type.Assembly.GetName()).GetType(type.FullName!, throwOnError: true)!;

    /// <summary>The files go; what is loaded stays until the process ends.</summary>
    public void Dispose() => _folder.Dispose();

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var copy = _folder.At(assemblyName.Name + ".dll");
        return File.Exists(copy) ? LoadFromAssemblyPath(copy) : null;
    }

    private string Copy(Assembly assembly)
    {
        var copy = _folder.At(Path.GetFileName(assembly.Location));
        File.Copy(assembly.Location, copy);
        return copy;
    }
}
