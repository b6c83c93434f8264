namespace Sluice.Definition;

/// <summary>Bounds of a pipeline's definition that no setting moves.</summary>
public static class DefinitionLimits
{
    /// <summary>Expectations of a dataset. Cleaning carries a row's outcome as the bits of one 64-bit integer, whose sign says something else.</summary>
    public const int ExpectationsMax = 62;
}
