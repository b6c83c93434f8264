namespace Sluice.Objects;

/// <summary>Objects as files in a directory, the key being the path.</summary>
public static class LocalObjectStore;
