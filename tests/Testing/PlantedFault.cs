namespace Sluice.Testing;

/// <summary>A fault behind four comparisons, each in a branch of its own: one in 4,294,967,296 inputs meets it by chance.</summary>
public static class PlantedFault
{
    public static Action<byte[]> Check => Meet;

    private static void Meet(byte[] input)
    {
        if (input.Length < 12 || input[8] != 'f') return;
        if (input[9] != 'u') return;
        if (input[10] != 'z') return;
        if (input[11] == '!') throw new InvalidOperationException("The planted fault was found.");
    }
}
